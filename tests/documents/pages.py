"""The documents as tests see them: fenced blocks, links, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Page:
    """One document."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the project."""
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    def blocks(self, *languages: str) -> Iterator[str]:
        """The contents of fenced blocks in these languages."""
        return (content for language, content in _FENCE.findall(self.text) if language in languages)

    def commands(self) -> Iterator[str]:
        """The command lines of console blocks; a backslash at the end goes on."""
        for block in self.blocks("console"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("$ "):
                    yield line.removeprefix("$ ")

    def links(self) -> Iterator[str]:
        """Where links lead, outside of code."""
        return iter(_LINK.findall(_FENCE.sub("", self.text)))

    def anchors(self) -> set[str]:
        """The names that GitHub and GitLab give to headings."""
        headings = _HEADING.findall(_FENCE.sub("", self.text))
        return {_NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-") for heading in headings}


def pages() -> list[Page]:
    """Every document of the project."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "provisioning_portal").rglob("*.md")]
    return [Page(path) for path in sorted(found)]
