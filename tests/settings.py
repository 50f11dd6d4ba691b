"""Settings of the test run: the portal's own, in a data folder of this process.

`TEST_DATABASE=postgresql` chooses a private PostgreSQL, which `tests/conftest.py` starts on the port named here.
"""

import atexit
import os
import shutil
import tempfile

from tests.servers.postgresql import PostgresqlServer

DATA_FOLDER = tempfile.mkdtemp(prefix="portal-test-data-")
atexit.register(shutil.rmtree, DATA_FOLDER, ignore_errors=True)

CHOSEN_DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
DATABASE_SERVER = PostgresqlServer()

for _name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY", "VAULT_KEYS", "ALLOWED_NETWORKS", "EMAIL_URL"):
    os.environ.pop(_name, None)
os.environ["DATA_DIR"] = DATA_FOLDER
if CHOSEN_DATABASE == "postgresql":
    os.environ["DATABASE_URL"] = DATABASE_SERVER.database_url("postgres")

from provisioning_portal.settings import *  # noqa: E402, F403  the environment above must be there first

# Argon2 is slow on purpose; tests that are about it name it themselves.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# A test looks into the log right after its request, inside its own transaction.
PORTAL_REQUEST_LOG_SECONDS = 0
# Nor does it wait until a revoked token is no longer remembered.
PORTAL_VERDICT_SECONDS = 0
