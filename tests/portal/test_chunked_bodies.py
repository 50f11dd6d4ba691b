"""SCIM bodies whose length is not said in advance."""

from io import BytesIO
from typing import Any

import pytest

from identities.scim.limits import BODY_BYTES
from provisioning_portal.chunked_bodies import measured


def passed_on(path: str, body: bytes, **environ: Any) -> bytes:
    """What the application reads of a body by the length it is told."""
    given = {"PATH_INFO": path, "wsgi.input": BytesIO(body), "wsgi.input_terminated": True, **environ}
    application = measured(lambda seen, _start: seen["wsgi.input"].read(int(seen.get("CONTENT_LENGTH") or 0)))
    return bytes(application(given, None))


@pytest.mark.parametrize(
    ("path", "environ", "read"),
    [
        ("/scim/v2/Users", {}, b"{...}"),
        ("/scim/v2/Users", {"CONTENT_LENGTH": ""}, b"{...}"),
        ("/scim/v2/Users", {"CONTENT_LENGTH": "3"}, b"{.."),
        ("/scim/v2/Users", {"wsgi.input_terminated": False}, b""),
        ("/admin/", {}, b""),
    ],
)
def test_the_application_is_told_the_length(path: str, environ: dict[str, Any], read: bytes) -> None:
    assert passed_on(path, b"{...}", **environ) == read


def test_no_more_is_read_than_is_needed_to_refuse() -> None:
    assert len(passed_on("/scim/v2/Users", b"x" * (BODY_BYTES + 1000))) == BODY_BYTES + 1
