"""What Entra ID and Okta send arrives in a real directory and in a real SCIM application, and soon."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.mirror import ScimClient, application_view, directory_view
from tests.scim_samples import filled, path_of, samples
from tests.servers.fixtures import PortalFactory
from tests.servers.portal import Portal
from tests.servers.processes import wait_until
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

pytestmark = pytest.mark.slow(seconds=50)
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
DIRECTORY = """
name: Directory
connector: ldap
configuration:
  host: 127.0.0.1
  port: {port}
  security: plain
  bind_dn: {bind_dn}
  base_dn: {base_dn}
  user_container: ou=people
  group_container: ou=groups
  marker_attribute: employeeNumber
  disable_by: ppolicy
secrets: {{bind_password: "${{DIRECTORY_PASSWORD}}"}}
mappings:
  user:
    uid: {{direct: userName}}
    cn: {{expression: "user.displayName or user.userName"}}
    sn: {{expression: "user.name.familyName or '-'"}}
    title: {{direct: title, clear_when_null: true}}
    mail: {{expression: user.primary_email, clear_when_null: true}}
    manager: {{direct: manager.id, clear_when_null: true}}
  group:
    cn: {{direct: displayName}}
"""
APPLICATION = """
name: Application
connector: scim
configuration: {{base_url: "{url}"}}
secrets: {{token: "${{APPLICATION_TOKEN}}"}}
mappings:
  user:
    userName: {{direct: userName}}
    name.familyName: {{expression: "user.name.familyName or '-'"}}
    displayName: {{direct: displayName, clear_when_null: true}}
    title: {{direct: title, clear_when_null: true}}
    "{enterprise}:manager": {{direct: manager.id, clear_when_null: true}}
  group:
    displayName: {{direct: displayName}}
"""
PEOPLE = 50
LONGEST_SECONDS = 15.0
USUAL_SECONDS = 5.0
LOOK_SECONDS = 0.1
"""Between two looks: the application answers slowly, and would do nothing else."""


@pytest.fixture(params=["embedded", "postgresql and redis"])
def environment(request: pytest.FixtureRequest, slapd: Slapd, scim_server: ScimServer) -> dict[str, str]:
    """Where the portal keeps its data and its queue, and the secrets of the systems."""
    secrets = {"DIRECTORY_PASSWORD": slapd.bind_password, "APPLICATION_TOKEN": scim_server.token}
    if request.param == "embedded":
        return secrets
    redis = request.getfixturevalue("redis_server")
    return {**secrets, "DATABASE_URL": request.getfixturevalue("postgresql_database"), "REDIS_URL": redis.url}


def connect(portal: Portal, folder: Path, slapd: Slapd, application: ScimServer) -> None:
    """Connect both systems and start them."""
    directory = DIRECTORY.format(port=slapd.port, bind_dn=slapd.bind_dn, base_dn=slapd.base_dn)
    described = {"directory": directory, "application": APPLICATION.format(url=application.url, enterprise=ENTERPRISE)}
    for name, text in described.items():
        file = folder / f"{name}.yaml"
        file.write_text(text)
        portal.ask("connect", str(file), "--resume", "--yes")


@pytest.mark.parametrize("client_name", ["entra", "okta"])
def test_every_documented_change_follows_in_both_systems(
    client_name: str,
    environment: dict[str, str],
    portal: PortalFactory,
    tmp_path: Path,
    slapd: Slapd,
    scim_server: ScimServer,
) -> None:
    installation = portal("web", "worker", **environment)
    connect(installation, tmp_path, slapd, scim_server)
    token = installation.ask("create_api_client", client_name, "--profile", client_name).strip()
    client, remembered = ScimClient(installation.base_url, token), dict[str, str]()

    for sample in samples(client_name):
        request: dict[str, Any] = sample["request"]
        answer = client.request(
            request["method"], path_of(request, remembered), filled(request.get("body"), remembered)
        )
        assert answer.status_code == sample["answer"]["status"], (sample["name"], answer.text)
        body = answer.json() if answer.content else {}
        remembered |= {name: body[part] for name, part in sample.get("remember", {}).items()}
        if request["method"] != "GET":
            _wait_until_same(client, slapd, scim_server, sample["name"])


def _wait_until_same(client: ScimClient, slapd: Slapd, application: ScimServer, after: str) -> None:
    wanted = client.view()
    seen: dict[str, Any] = {}

    def same() -> bool:
        time.sleep(LOOK_SECONDS)
        seen.update(directory=directory_view(slapd), application=application_view(application))
        return all(view == wanted for view in seen.values())

    try:
        wait_until(same, LONGEST_SECONDS, "the systems to follow")
    except TimeoutError as error:
        raise AssertionError(f"{after}: wanted {wanted}, but there is {seen}") from error


def test_changes_arrive_within_seconds_with_the_shipped_settings(
    environment: dict[str, str],
    portal: PortalFactory,
    tmp_path: Path,
    slapd: Slapd,
    scim_server: ScimServer,
    record_property: Any,
) -> None:
    installation = portal("web", "worker", fast=False, **environment)
    connect(installation, tmp_path, slapd, scim_server)
    client = ScimClient(installation.base_url, installation.ask("create_api_client", "measure").strip())
    ids = [_create(client, number) for number in range(PEOPLE)]
    wait_until(lambda: len(scim_server.resources("Users")) == PEOPLE, 60, "everybody to be there")
    wait_until(lambda: len(slapd.entries(slapd.people_dn)) == PEOPLE, 60, "everybody to be there")

    sent: dict[str, float] = {}
    arrived: dict[str, dict[str, float]] = {"directory": {}, "application": {}}
    for number, user_id in enumerate(ids):
        change = {"op": "replace", "path": "title", "value": f"title {number}"}
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        answer = client.request("PATCH", f"/Users/{user_id}", {"schemas": schemas, "Operations": [change]})
        assert answer.status_code in (200, 204), answer.text
        sent[f"title {number}"] = time.monotonic()
        _note_arrivals(slapd, scim_server, arrived)
    deadline = time.monotonic() + LONGEST_SECONDS
    while any(len(seen) < PEOPLE for seen in arrived.values()) and time.monotonic() < deadline:
        _note_arrivals(slapd, scim_server, arrived)

    for system, seen in arrived.items():
        delays = sorted(seen[title] - at for title, at in sent.items() if title in seen)
        assert len(delays) == PEOPLE, f"{system}: {PEOPLE - len(delays)} changes did not arrive"
        p95 = statistics.quantiles(delays, n=20)[-1]
        record_property(f"{system}_p95_seconds", round(p95, 2))
        record_property(f"{system}_longest_seconds", round(delays[-1], 2))
        assert p95 <= USUAL_SECONDS
        assert delays[-1] <= LONGEST_SECONDS


def _create(client: ScimClient, number: int) -> str:
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": f"person{number}@example.com",
        "name": {"givenName": "Person", "familyName": f"Number {number}"},
        "displayName": f"Person {number}",
    }
    answer = client.request("POST", "/Users", body, chunked=number % 2 == 1)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _note_arrivals(slapd: Slapd, application: ScimServer, arrived: dict[str, dict[str, float]]) -> None:
    for entry in slapd.entries(slapd.people_dn, attributes=["title"]).values():
        for title in entry.get("title", ()):
            arrived["directory"].setdefault(title.decode(), time.monotonic())
    for user in application.resources("Users"):
        if user.get("title"):
            arrived["application"].setdefault(user["title"], time.monotonic())
