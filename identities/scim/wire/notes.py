"""What a request's reader should know of how it was understood: what was coerced, ignored or kept. Never values."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

# A reader learns nothing from more; a body may give occasion for a hundred thousand.
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Note:
    """One remark. `code` is the name of a tolerated deviation, or `kept`, `ignored`."""

    code: str
    subject: str = ""


@dataclass(slots=True)
class Notes:
    """The remarks of one request, each once, in their order; the first so many."""

    notes: dict[Note, None] = field(default_factory=dict)

    def add(self, code: str, subject: str = "") -> None:
        """Remark on `subject` (an attribute's name)."""
        if len(self.notes) < _MOST:
            self.notes[Note(code, subject[:120])] = None

    def as_json(self) -> list[dict[str, Any]]:
        """The remarks as the request log keeps them."""
        return [asdict(note) for note in self.notes]
