"""A process that runs management commands as they are asked for, so that each does not start anew."""

import io
import json
import sys
from contextlib import redirect_stdout

from django.core.management import CommandError, call_command
from django.db import connections


def answer() -> None:
    """Answer every line, a JSON list of a command and its arguments, with a line of JSON.

    That has what the command `printed`, or `error` with what it said when it was refused.
    """
    for line in sys.stdin:
        printed = io.StringIO()
        try:
            with redirect_stdout(printed):
                call_command(*json.loads(line), stdout=printed)
            told = {"printed": printed.getvalue()}
        except CommandError as refusal:
            told = {"error": str(refusal)}
        connections.close_all()
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()
