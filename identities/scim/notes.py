"""What a request's reader should know of how it was understood: what was coerced, ignored or kept. Never values."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Note:
    """One remark. `code` is the name of a tolerated deviation, or `kept`, `ignored`."""

    code: str
    subject: str = ""


@dataclass(slots=True)
class Notes:
    """The remarks of one request, each once."""

    notes: list[Note] = field(default_factory=list)

    def add(self, code: str, subject: str = "") -> None:
        """Remark on `subject` (an attribute's name)."""
        note = Note(code, subject[:120])
        if note not in self.notes:
            self.notes.append(note)

    def as_json(self) -> list[dict[str, Any]]:
        """The remarks as the request log keeps them."""
        return [asdict(note) for note in self.notes]
