"""A process of an installation that runs management commands as they are asked for, so that each does not start anew.

Each line it is sent is a JSON list: a command and its arguments. It answers with a line of JSON: what the command
printed, or `error` with what it said when it was refused.
"""

import io
import json
import sys
from contextlib import redirect_stdout

import django

if __name__ == "__main__":
    django.setup()
    from django.core.management import CommandError, call_command
    from django.db import connections

    for line in sys.stdin:
        printed = io.StringIO()
        try:
            with redirect_stdout(printed):
                call_command(*json.loads(line), stdout=printed)
            answer = {"printed": printed.getvalue()}
        except CommandError as refusal:
            answer = {"error": str(refusal)}
        connections.close_all()
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
