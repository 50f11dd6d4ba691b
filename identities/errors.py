"""What an action can refuse. Each face has one table from these classes to its own language."""


class IdentityError(Exception):
    """Base of every refusal.

    Args:
        code: stable machine word (`user_name_taken`).
        message: what happened, to whom and what to do, for a person.
        field: our attribute name the refusal is about, if it is about one.
        facts: values worth showing beside the message.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.facts = facts


class NotFound(IdentityError):
    """The object does not exist for this actor."""


class Conflict(IdentityError):
    """A value that must be unique is taken."""


class RuleViolation(IdentityError):
    """A value or a combination of values is not allowed."""


class IllegalTransition(RuleViolation):
    """The lifecycle does not lead from this state to that one."""


class ValueOwned(RuleViolation):
    """The value belongs to an origin that ranks above the actor's."""


class VersionMismatch(IdentityError):
    """The object has changed since it was read."""


class NotPermitted(IdentityError):
    """The actor may not do this."""
