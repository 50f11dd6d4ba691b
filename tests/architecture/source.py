"""The project's own source files, parsed once."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("identities", "connectors", "selfservice", "provisioning_portal")


@dataclass(frozen=True)
class SourceFile:
    """One Python file of the project."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path from the root of the project."""
        return str(self.path.relative_to(ROOT))

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return len(self.text.splitlines())

    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def source_files(*folders: str) -> tuple[SourceFile, ...]:
    """The Python files below these folders, migrations left out."""
    return tuple(file for folder in folders for file in _files_below(folder))


@cache
def _files_below(folder: str) -> tuple[SourceFile, ...]:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "migrations" not in path.parts:
            text = path.read_text()
            found.append(SourceFile(path, text, ast.parse(text)))
    return tuple(found)
