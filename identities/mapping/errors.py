"""What can go wrong with an expression or a path."""


class ExpressionError(Exception):
    """An expression cannot be compiled or evaluated.

    Args:
        message: what is wrong, for the person who wrote it.
        position: where, as an offset into the source; None when no place can be named.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
