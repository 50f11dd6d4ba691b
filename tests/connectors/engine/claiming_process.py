"""A worker process that only claims: prints the ids it got, one a line, and can be killed while it holds them.

Arguments: the database's settings as JSON, and how many claims at once. Each line it is sent says how often to claim, 0
for as long as there is anything; it answers with an empty line when it has done so, and ends with its input.
"""

import itertools
import json
import os
import sys

import django

if __name__ == "__main__":
    django.setup()
    from django.db import connection

    connection.settings_dict.update(json.loads(sys.argv[1]))
    from connectors.engine.claim import claim_due

    name = f"process-{os.getpid()}"
    for line in sys.stdin:
        rounds = range(int(line)) if int(line) else itertools.count()
        for _ in rounds:
            claims = claim_due(name, int(sys.argv[2]))
            if not claims:
                break
            sys.stdout.writelines(f"{claim.operation_id}\n" for claim in claims)
        sys.stdout.write("\n")
        sys.stdout.flush()
