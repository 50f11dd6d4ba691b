"""People as the personnel system keeps them: it speaks SCIM to the portal and remembers whom it has sent."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

import httpx

from tests.journeys.mirror import ScimClient
from tests.servers.portal import Portal

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
NEW_PASSWORD = "correct horse battery staple 42"


class Personnel:
    """The API client that owns the people it creates.

    Attributes:
        ids: by user name, the portal's id of everybody it has created.
    """

    def __init__(self, portal: Portal, name: str = "personnel") -> None:
        """Get a token from the portal."""
        token = portal.ask("create_api_client", name).strip()
        self.client = ScimClient(portal.base_url, token)
        self.ids: dict[str, str] = {}

    def hire(self, names: Iterable[str], *, title: str = "new") -> None:
        """Create people."""
        for name in names:
            body = {"schemas": [USER], "userName": name, "displayName": name, "title": title}
            self.ids[name] = self._accepted("POST", "/Users", body).json()["id"]

    def retitle(self, names: Iterable[str], title: str) -> None:
        """Change people."""
        for name in names:
            change = {"op": "replace", "path": "title", "value": title}
            self._accepted("PATCH", f"/Users/{self.ids[name]}", {"schemas": [PATCH], "Operations": [change]})

    def dismiss(self, names: Iterable[str]) -> None:
        """Delete people."""
        for name in names:
            self._accepted("DELETE", f"/Users/{self.ids[name]}")

    def _accepted(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = self.client.request(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer


def numbered(prefix: str, count: int) -> list[str]:
    """So many user names."""
    return [f"{prefix}{number:03}" for number in range(count)]


class Administrator:
    """A signed-in administrator with a browser that only reads."""

    def __init__(self, portal: Portal) -> None:
        """Sign in with the one-time password and choose another."""
        self._http = httpx.Client(base_url=portal.base_url, follow_redirects=True, timeout=30)
        self._send("/admin/", login=portal.user_name, password=portal.password)
        changed = {"oldpassword": portal.password, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        self._send("/admin/", **changed)

    def front_page(self) -> str:
        """The text of the front page, tags left out."""
        answer = self.get("/admin/")
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))

    def get(self, path: str) -> httpx.Response:
        """Open a page."""
        answer = self._http.get(path).raise_for_status()
        assert answer.url.path == path.partition("?")[0], f"not signed in: {answer.url}"
        return answer

    def _send(self, path: str, **fields: str) -> None:
        page = self._http.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, f"there is no form at {page.url}"
        form = {"csrfmiddlewaretoken": token.group(1), **fields}
        self._http.post(str(page.url), data=form, headers={"Referer": str(page.url)}).raise_for_status()
