"""The steps of a decision, written down while it is made."""

from collections.abc import Iterable, Mapping

from connectors.engine.decision import Answer, Step


class Trail:
    """Collects steps in the order in which a person reads them."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def add(
        self,
        code: str,
        title: str,
        outcome: Answer,
        text: str = "",
        facts: Mapping[str, object] | None = None,
        *,
        depth: int = 0,
    ) -> None:
        """Write down one step."""
        self._steps.append(Step(code, title, outcome, text, dict(facts or {}), depth))

    def yes_or_no(
        self, code: str, title: str, holds: bool, text: str = "", facts: Mapping[str, object] | None = None
    ) -> None:
        """Write down a question and its answer."""
        self.add(code, title, Answer.YES if holds else Answer.NO, text, facts)

    def extend(self, steps: Iterable[Step]) -> None:
        """Append steps that were made elsewhere."""
        self._steps.extend(steps)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Everything written down so far."""
        return tuple(self._steps)
