"""SCIM requests whose length is not said in advance (`Transfer-Encoding: chunked`, as Java's HTTP clients send).

Django reads a body as far as `Content-Length` says, and so takes a chunked one for empty.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from identities.representation.rendering import SCIM_BASE_PATH
from identities.scim.limits import BODY_BYTES

Application = Callable[[dict[str, Any], Any], Any]


def measured(application: Application) -> Application:
    """The WSGI application, which is told the length of every SCIM body.

    At most one byte more is read than the service takes, so that what is too long is refused as such. The server must
    mark the end of a body (`wsgi.input_terminated`).
    """

    def tell_length(environ: dict[str, Any], start_response: Any) -> Any:
        if (
            environ.get("wsgi.input_terminated")
            and not environ.get("CONTENT_LENGTH")
            and environ.get("PATH_INFO", "").startswith(SCIM_BASE_PATH)
        ):
            body = environ["wsgi.input"].read(BODY_BYTES + 1)
            environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        return application(environ, start_response)

    return tell_length
