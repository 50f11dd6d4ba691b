"""Sizes, names and habits of the source."""

from __future__ import annotations

import ast

from tests.architecture.source import APPS, SourceFile, source_files

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
EMPTY_NAMES = {"utils", "helpers", "common", "misc"}


def _everything() -> tuple[SourceFile, ...]:
    return source_files(*APPS, "tests")


def test_files_are_small() -> None:
    assert [f"{file.name}: {file.lines}" for file in _everything() if file.lines > LONGEST_FILE] == []


def test_functions_are_small() -> None:
    long = [
        f"{file.name}:{function.lineno} {function.name}"
        for file in _everything()
        for function in file.functions()
        if (function.end_lineno or 0) - function.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_names_say_something() -> None:
    assert [file.name for file in _everything() if {*file.path.parts, file.path.stem} & EMPTY_NAMES] == []


def test_imports_stand_at_the_top() -> None:
    hidden = [
        f"{file.name}:{inner.lineno} in {function.name}"
        for file in source_files(*APPS)
        for function in file.functions()
        if function.name != "ready"
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_no_exception_is_dropped_without_a_word() -> None:
    dropped = [
        f"{file.name}:{node.lineno}"
        for file in _everything()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body)
    ]
    assert dropped == []


def test_no_data_is_declared_safe_html() -> None:
    marked = [
        f"{file.name}:{node.lineno}"
        for file in source_files(*APPS)
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("mark_safe", "SafeString"))
    ]
    assert marked == []


def test_test_folders_are_packages() -> None:
    folders = {file.path.parent for file in source_files("tests")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
