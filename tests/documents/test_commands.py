"""Every command in the documents exists and takes the arguments it is given."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError, CommandParser

from tests.documents.pages import ROOT, pages

PROGRAM = ".venv/bin/python manage.py "
PHRASE = re.compile(r"`(?:[A-Z_]+=\S+ )*manage\.py ([^`]+)`")
COMMANDS = [(page.name, line) for page in pages() for line in page.commands()]
MANAGE = sorted({(name, line.removeprefix(PROGRAM)) for name, line in COMMANDS if line.startswith(PROGRAM)})
OTHERS = sorted({(name, line) for name, line in COMMANDS if not line.startswith(PROGRAM)})
PHRASES = sorted({(page.name, phrase) for page in pages() for phrase in PHRASE.findall(page.text)})


def parser(name: str) -> CommandParser:
    """The command's own parser, which raises what is wrong instead of ending the process (raises KeyError)."""
    application = get_commands()[name]
    command = load_command_class(application, name) if isinstance(application, str) else application
    command._called_from_command_line = False
    return command.create_parser("manage.py", name)


def parse(line: str) -> None:
    """Let the command judge the arguments (raises CommandError, KeyError)."""
    name, *arguments = shlex.split(line)
    parser(name).parse_args(arguments)


@pytest.mark.parametrize(("document", "line"), MANAGE)
def test_management_commands_parse(document: str, line: str) -> None:
    parse(line)


@pytest.mark.parametrize(("document", "phrase"), PHRASES)
def test_commands_in_sentences_exist(document: str, phrase: str) -> None:
    known = parser(phrase.split(maxsplit=1)[0]).format_help()
    assert not [option for option in re.findall(r"--[a-z-]+", phrase) if option not in known]


@pytest.mark.parametrize(("document", "line"), OTHERS)
def test_other_commands_exist(document: str, line: str) -> None:
    program, *arguments = shlex.split(line)
    if program == "make":
        targets = [argument for argument in arguments if "=" not in argument]
        subprocess.run(
            ["make", "--dry-run", "--no-print-directory", *targets], cwd=ROOT, check=True, capture_output=True
        )
    elif program == "docker":
        services = re.findall(r"^  ([a-z]+):$", (ROOT / "compose.yaml").read_text(), re.MULTILINE)
        named = [*re.findall(r"(\w+)=\d+", line), *(arguments[2:] if arguments[1] == "logs" else [])]
        assert arguments[0] == "compose"
        assert set(named) <= set(services)
    elif program.endswith("/pytest"):
        assert (ROOT / arguments[0]).exists()
    else:
        assert program in {".venv/bin/python", "sqlite3"}


def test_a_wrong_command_is_noticed() -> None:
    with pytest.raises(CommandError):
        parse("status --jsn")
    with pytest.raises(KeyError):
        parse("no_such_command")


def test_there_is_something_to_check() -> None:
    assert len(MANAGE) > 20
    assert len(PHRASES) > 5
