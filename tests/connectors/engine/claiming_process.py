"""A worker process that only claims: prints the ids it got, one a line, and can be killed while it holds them.

Arguments: the database's settings as JSON, how many claims at once, and `hold` to wait for the end instead of going on.
"""

import json
import os
import sys
import time

import django

if __name__ == "__main__":
    django.setup()
    from django.db import connection

    connection.settings_dict.update(json.loads(sys.argv[1]))
    from connectors.engine.claim import claim_due

    sys.stdin.readline()  # everybody starts together
    name = f"process-{os.getpid()}"
    while claims := claim_due(name, int(sys.argv[2])):
        for claim in claims:
            sys.stdout.write(f"{claim.operation_id}\n")
        sys.stdout.flush()
        if sys.argv[3:] == ["hold"]:
            time.sleep(60)
