"""What a SCIM client sees of the portal beside what a directory and a SCIM application hold: they must be the same."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

PLACEHOLDER = "cn=placeholder"
View = tuple[dict[str, tuple[str, bool]], dict[str, frozenset[str]]]


class ScimClient:
    """An API client of the portal."""

    def __init__(self, base_url: str, token: str) -> None:
        """Speak to the portal at `base_url` with this token."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
        self.http = httpx.Client(base_url=f"{base_url}/scim/v2", headers=headers, timeout=20)

    def request(self, method: str, path: str, body: Any = None, *, chunked: bool = False) -> httpx.Response:
        """Send one request; `chunked`: without saying the length of its body first, as Java's HTTP clients do."""
        if chunked:
            return self.http.request(method, path, content=iter([json.dumps(body).encode()]))
        return self.http.request(method, path, json=body)

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """Every `Users` or `Groups` this client sees."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.http.get(f"/{kind}?startIndex={len(found) + 1}&count=100").raise_for_status().json()
            found += page.get("Resources", [])
            if len(found) >= page["totalResults"]:
                return found

    def view(self) -> View:
        """Users by name with family name and whether they are active; groups by name with their members' names."""
        return _view(self.resources("Users"), self.resources("Groups"))


def application_view(server: ScimServer) -> View:
    """The same of a SCIM application."""
    return _view(server.resources("Users"), server.resources("Groups"))


def directory_view(slapd: Slapd) -> View:
    """The same of a directory, where people are locked by the password policy."""
    entries = slapd.entries(slapd.people_dn, attributes=["*", "pwdAccountLockedTime"])
    users = {_text(e, "uid"): (_text(e, "sn"), "pwdAccountLockedTime" not in e) for e in entries.values()}
    names = {dn.lower(): _text(entry, "uid") for dn, entry in entries.items()}
    groups = {
        _text(entry, "cn"): frozenset(
            names.get(member.decode().lower(), member.decode())
            for member in entry["member"]
            if not member.decode().startswith((PLACEHOLDER, slapd.bind_dn))
        )
        for entry in slapd.entries(slapd.groups_dn).values()
    }
    return users, groups


def _view(users: list[dict[str, Any]], groups: list[dict[str, Any]]) -> View:
    names = {user["id"]: user["userName"] for user in users}
    people = {u["userName"]: (u.get("name", {}).get("familyName") or "-", u.get("active", True)) for u in users}
    return people, {
        group["displayName"]: frozenset(names.get(m["value"], m["value"]) for m in group.get("members") or ())
        for group in groups
    }


def _text(entry: dict[str, list[bytes]], name: str) -> str:
    return entry[name][0].decode()
