"""Imports by HTTP: sent, planned, read, applied, refused."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from openapi_spec_validator import validate
from pytest_django.live_server_helper import LiveServer

from connectors.actions.import_profiles import create_profile
from connectors.engine.intake import work
from connectors.engine.intake.files import MAX_FILE_BYTES, there
from connectors.models import Run
from identities.actions.clients import issue_token
from identities.actors import command_actor
from identities.mapping import MappingRow
from identities.models import AuditEntry, User
from identities.vocabulary import USUAL_SCOPES, ClientScope
from tests.documents.pages import ROOT, Page
from tests.factories import make_client

ADDRESS = "/api/imports"
GOOD = b"no,login\n1,ada\n2,bob\n"
BAD = b"no,login\n1,ada\n2,\n"


class Caller:
    """An API client at work."""

    def __init__(self, *scopes: ClientScope, **values: Any) -> None:
        self.client = make_client(scopes=scopes or (ClientScope.IMPORT,), **values)
        self.http = Client(raise_request_exception=False)
        self.token = issue_token(self.client, actor=command_actor())

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str = "") -> Any:
        return self.http.get(f"{ADDRESS}{path}", headers=self.headers)

    def post(self, path: str = "", body: Any = None, **more: Any) -> Any:
        more |= {} if body is not None else {"content_type": "application/json"}
        return self.http.post(f"{ADDRESS}{path}", body, headers=self.headers, **more)

    def send(self, content: bytes, query: str = "profile=plant&file_name=people.csv", kind: str = "text/csv") -> Any:
        return self.post(f"?{query}", content, content_type=kind)

    def planned(self, content: bytes = GOOD) -> str:
        """The id of an import that a worker has looked at."""
        found = str(self.send(content).json()["id"])
        assert work("test") == 1
        return found


@pytest.fixture
def caller(db: None) -> Caller:
    rows = [MappingRow("employee_number", source="no"), MappingRow("user_name", source="login")]
    create_profile("plant", rows, actor=command_actor(), key_column="no")
    return Caller()


@pytest.mark.database
def test_a_file_is_planned_read_and_applied(caller: Caller) -> None:
    form = {"profile": "plant", "file": io.BytesIO(GOOD)}
    sent = caller.post(body=form)
    assert (sent.status_code, sent.json()["state"], sent.json()["counts"]) == (202, "waiting", {})
    path = f"/{sent.json()['id']}"
    assert sent["Location"].endswith(f"{ADDRESS}{path}")
    assert caller.post(f"{path}/apply").status_code == 409

    work("test")
    found = caller.get(path).json()
    assert (found["state"], found["counts"]["people"], found["problems"]) == ("planned", {"create": 2}, [])
    assert not User.objects.persons().exists()
    rows = caller.get(f"{path}/rows?size=1&page=2&state=create").json()
    assert (rows["total"], [row["key"] for row in rows["rows"]]) == (2, ["2"])
    assert rows["rows"][0]["difference"]["user_name"] == [None, "bob"]

    assert caller.post(f"{path}/apply").status_code == 202
    work("test")
    assert caller.get(path).json()["counts"]["applied"]["created"] == 2
    after = caller.get(f"{path}/rows").json()["rows"]
    assert [(row["planned"], row["result"]) for row in after] == [("create", "applied")] * 2
    ada = User.objects.get(user_name_key="ada")
    assert ada.default_origin == "file:plant"
    assert {entry.actor_name for entry in AuditEntry.objects.filter(verb__startswith="import.")} == {caller.client.name}
    assert {entry.actor_name for entry in AuditEntry.objects.filter(verb="user.created")} == {caller.client.name}


@pytest.mark.parametrize("kind", ["text/csv", "application/octet-stream", "application/x-www-form-urlencoded"])
def test_the_body_can_be_the_file(caller: Caller, kind: str) -> None:
    assert caller.send(GOOD, kind=kind).status_code == 202
    named = {"HTTP_CONTENT_DISPOSITION": 'attachment; filename="../../x\x01.csv"'}
    answer = caller.post("?profile=plant", GOOD, content_type=kind, **named)
    assert answer.json()["file_name"] == "x.csv"
    assert work("test", limit=2) == 2
    assert Run.objects.get(pk=answer.json()["id"]).rows.count() == 2


def test_problems_are_told_by_row_and_column_and_nothing_is_applied(caller: Caller) -> None:
    path = f"/{caller.planned(BAD)}"
    found = caller.get(path).json()
    assert found["problem_count"] == 1
    assert (found["problems"][0]["row"], found["problems"][0]["column"]) == (3, "login")
    refused = caller.post(f"{path}/apply")
    assert (refused.status_code, refused.json()["code"]) == (409, "has_problems")
    assert caller.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert caller.post(f"{path}/cancel").status_code == 409


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "x/y; z"])
def test_a_form_that_is_none_is_refused_or_taken_for_the_file(caller: Caller, kind: str) -> None:
    for body in (b"--x", b'--x\r\nContent-Disposition: form-data; name="profile"\r\n\r\n' + b"\xff" * 9, b"\0"):
        assert caller.send(body, "profile=plant", kind=kind).status_code == 400


@pytest.mark.parametrize(
    ("query", "body", "status", "field"),
    [
        ("file_name=a.csv", GOOD, 400, "profile"),
        ("profile=nobody&file_name=a.csv", GOOD, 400, "profile"),
        ("profile=%00&file_name=a.csv", GOOD, 400, "profile"),
        ("profile=plant", GOOD, 400, "file_name"),
        ("profile=plant&file_name=a.csv", b"", 411, "file"),
    ],
)
def test_what_is_missing_is_named(caller: Caller, query: str, body: bytes, status: int, field: str) -> None:
    before = there()
    answer = caller.send(body, query)
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    form = caller.post(body={"profile": "plant"})
    assert (form.status_code, form.json()["field"]) == (400, "file")
    assert not Run.objects.exists()
    assert there() == before


def test_a_body_too_long_is_refused_before_it_is_read(caller: Caller) -> None:
    class Unread(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("it was read")

    for length, status in ((str(2 * MAX_FILE_BYTES), 413), ("", 411), ("many", 411)):
        answer = caller.http.generic(
            "POST", f"{ADDRESS}?profile=plant&file_name=a", headers=caller.headers, CONTENT_TYPE="text/csv",
            **{"wsgi.input": Unread(), "CONTENT_LENGTH": length},
        )  # fmt: skip
        assert (answer.status_code, answer.json()["field"]) == (status, "file")


def test_chosen_rows_alone_are_applied(caller: Caller) -> None:
    path = f"/{caller.planned()}"
    rows = caller.get(f"{path}/rows").json()["rows"]
    huge = '{"rows": [99999999999999999999]}'
    for body in ('{"rows": ["x"]}', '{"rows": 3}', "[]", '{"confirm_missing": -1}', huge, "{", "[" * 10_000):
        assert caller.post(f"{path}/apply", body, content_type="application/json").status_code == 400
    refused = caller.post(f"{path}/apply", {"rows": [rows[-1]["id"] + 1]}, content_type="application/json")
    assert (refused.status_code, refused.json()["field"]) == (400, "rows")
    assert caller.post(f"{path}/apply", {"rows": [rows[1]["id"]]}, content_type="application/json").status_code == 202
    work("test")
    assert list(User.objects.persons().values_list("user_name", flat=True)) == ["bob"]


@pytest.mark.parametrize("query", ["page=0", "page=x", "size=1001", "state=lost", "page=99999999999"])
def test_a_page_that_makes_no_sense_is_refused(caller: Caller, query: str) -> None:
    answer = caller.get(f"/{caller.planned()}/rows?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, query.partition("=")[0])


def test_only_the_scope_import_opens_it_and_it_opens_nothing_else(caller: Caller) -> None:
    path, usual = f"/{caller.planned()}", Caller(*USUAL_SCOPES)
    assert {usual.get(path).status_code, usual.send(GOOD).status_code} == {403}
    assert caller.http.get("/scim/v2/Users", headers=caller.headers).status_code == 403
    stranger = Client().get(f"{ADDRESS}{path}")
    assert (stranger.status_code, stranger["WWW-Authenticate"]) == (401, 'Bearer realm="SCIM"')
    assert Client().post(f"{ADDRESS}?profile=plant&file_name=a", GOOD, content_type="text/csv").status_code == 401


def test_a_client_sees_only_what_it_sent(caller: Caller) -> None:
    path, other = f"/{caller.planned()}", Caller()
    for answer in (
        other.get(path),
        other.get(f"{path}/rows"),
        other.post(f"{path}/apply"),
        other.post(f"{path}/cancel"),
    ):
        assert answer.status_code == 404
    assert caller.get(f"/{uuid.uuid4()}").status_code == 404
    assert caller.get("/nonsense").status_code == 404
    assert caller.http.delete(f"{ADDRESS}{path}", headers=caller.headers).status_code == 405


@pytest.mark.django_db
def test_expiry_network_and_rate_are_those_of_every_client() -> None:
    late = Caller(expires_at=timezone.now() + timedelta(days=1))
    type(late.client).objects.filter(pk=late.client.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert late.get(f"/{uuid.uuid4()}").status_code == 401
    assert Caller(allowed_networks=["192.0.2.0/24"]).get(f"/{uuid.uuid4()}").status_code == 401
    hasty = Caller(rate_limit=1)
    last = [hasty.get(f"/{uuid.uuid4()}") for _ in range(4)][-1]
    assert (last.status_code, last.has_header("Retry-After")) == (429, True)


def test_reading_costs_the_same_whatever_the_file(caller: Caller, django_assert_max_num_queries: Any) -> None:
    many = GOOD + b"".join(b"%d,p%d\n" % (number, number) for number in range(3, 300))
    path = f"/{caller.planned(many)}"
    caller.get(path)
    for address in (path, f"{path}/rows"):
        with django_assert_max_num_queries(6):
            assert caller.get(address).status_code == 200


@pytest.mark.django_db
def test_the_openapi_document_is_valid() -> None:
    printed = io.StringIO()
    settings = "connectors.api.document.SETTINGS"
    call_command("spectacular", format="openapi-json", fail_on_warn=True, custom_settings=settings, stdout=printed)
    found = json.loads(printed.getvalue())
    validate(found)
    assert set(found["paths"]) == {
        ADDRESS, *(f"{ADDRESS}/{{id}}{part}" for part in ("", "/rows", "/apply", "/cancel")),
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_the_documented_requests_work(live_server: LiveServer, tmp_path: Path) -> None:
    (lines,) = (block for block in Page(ROOT / "docs" / "import.md").blocks("sh") if "/api/imports" in block)
    company = Path(ROOT / "provisioning_portal" / "demo_data" / "hr_employees.csv").read_bytes()
    (tmp_path / "hr_employees.csv").write_bytes(company)
    known = {"PATH": os.environ["PATH"], "PORTAL": live_server.url, "TOKEN": Caller().token, "ID": ""}
    answers = []
    for line in lines.replace("\\\n", " ").splitlines():
        assert set(re.findall(r"\$(\w+)", line)) <= set(known)
        done = subprocess.run(
            ["bash", "-ec", line], cwd=tmp_path, env=known, capture_output=True, text=True, check=True, timeout=30
        )
        assert shlex.split(line)[0] == "curl"
        answers.append(json.loads(done.stdout))
        known["ID"] = known["ID"] or answers[0]["id"]
        work("test")
    assert [answer["state"] for answer in answers if "state" in answer] == [
        "waiting", "planned", "applying", "waiting",
    ]  # fmt: skip
