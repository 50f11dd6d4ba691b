"""What the service takes, published in `/ServiceProviderConfig` where the protocol has a place for it."""

from typing import Final

MEDIA_TYPE: Final = "application/scim+json"

BODY_BYTES: Final = 4 * 1024 * 1024
JSON_DEPTH: Final = 16
PAGE_DEFAULT: Final = 100
PAGE_LARGEST: Final = 200
# Of a PATCH, and of a Bulk request.
OPERATIONS: Final = 1000
# Characters in one path of a PATCH, as many as a filter has, and in all of them together.
PATH_LENGTH: Final = 4000
PATHS_LENGTH: Final = 128 * 1024
# Of a request for one group, and of all operations of a Bulk request together.
MEMBERS_PER_REQUEST: Final = 20_000

# Requests of one client in a window of so many seconds.
RATE_REQUESTS: Final = 2000
RATE_SECONDS: Final = 10

# Requests for OAuth tokens from one address in a window of so many seconds: each costs a slow hash.
OAUTH_REQUESTS: Final = 60
OAUTH_SECONDS: Final = 60
# Requests of one person at `/Me` in such a window.
PERSON_REQUESTS: Final = 100

# A cursor is good for so long.
CURSOR_SECONDS: Final = 3600
