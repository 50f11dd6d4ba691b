#!/usr/bin/env python
"""The one command-line entry point of the portal."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError, ProgrammingError

DATABASE_ADVICE = (
    "Are DATABASE_URL and DATA_DIR those of the portal, and does the server run? "
    "A new portal is set up by `make run` or `manage.py prepare`. More is shown with --traceback."
)


def main() -> None:
    """Run the management command named on the command line; what an administrator can mend is told in words."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "provisioning_portal.settings")
    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        if isinstance(error, ImproperlyConfigured):
            sys.exit(str(error))
        sys.exit(f"The database cannot be used: {str(error).strip()}\n{DATABASE_ADVICE}")


if __name__ == "__main__":
    main()
