"""Forms with files: how large they may be."""

import io

import pytest
from django.test import Client

from provisioning_portal.upload_limit import MAX_FORM_BYTES

pytestmark = pytest.mark.django_db


class Unread(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        raise AssertionError("it was read")


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/connectors/run/add/"])
def test_a_form_that_is_too_large_is_refused_before_anything_of_it_is_kept(path: str) -> None:
    """Also of somebody who has not signed in: the token against forgery is looked for in the form."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/accounts/login/")
    answer = client.generic(
        "POST", path, CONTENT_TYPE="multipart/form-data; boundary=x",
        **{"wsgi.input": Unread(), "CONTENT_LENGTH": str(MAX_FORM_BYTES + 1)},
    )  # fmt: skip
    assert answer.status_code == 400
