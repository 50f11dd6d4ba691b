"""SCIM over HTTP: one method per kind of request, answers read and judged."""

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote, unquote

from connectors.catalog.scim.answers import SAFE_METHODS, ErrorReader, parsed
from connectors.catalog.scim.configuration import Authentication, ContentType, ScimConfiguration
from connectors.catalog.scim.documents import Document, id_of
from connectors.spi import (
    Ambiguous,
    ConnectorError,
    Gone,
    HttpResponse,
    Misconfigured,
    ObjectClass,
    Rejected,
    Transient,
    Transport,
)


class ScimClient:
    """Requests to one peer. Every method raises the SPI's errors, and nothing else, when the answer is no success.

    Raises:
        Misconfigured: (when made) the base URL, the certificate or the credentials cannot be used.
    """

    def __init__(self, configuration: ScimConfiguration, transport: Transport) -> None:
        credential = _credential(configuration)
        media = configuration.content_type.value
        other = next(each.value for each in ContentType if each is not configuration.content_type)
        self._configuration = configuration
        self._errors = ErrorReader((credential.partition(" ")[2], configuration.token, configuration.password))
        self._http = transport.http(
            configuration.base_url,
            headers={"Authorization": credential, "Accept": f"{media}, {other};q=0.9"},
            ca_certificate=configuration.ca_certificate,
        )

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def document(self, path: str, query: Mapping[str, str] | None = None) -> Document:
        """GET one JSON object."""
        answer = self._send("GET", path, query)
        document = parsed(answer)
        if document is None:
            if "json" in answer.headers.get("content-type", "json"):
                raise Transient("The system's answer is incomplete or not JSON.", facts={"status": answer.status})
            raise Misconfigured(
                "The system does not answer in JSON; look at the base URL.", facts={"status": answer.status}
            )
        return document

    def read(self, object_class: ObjectClass, remote_id: str, *, members: bool = False) -> Document:
        """GET one object; a group's members only if asked for.

        Raises:
            Gone: it is not there, and the peer's list of objects is. Rejected: another object is there.
        """
        try:
            document = self.document(self.location(object_class, remote_id), _without_members(object_class, members))
        except Gone as error:
            self._confirm(object_class, error)
            raise
        if id_of(document) != remote_id:
            raise Rejected("The system answers with another object than the one asked for.")
        return document

    def create(self, object_class: ObjectClass, document: Document) -> Document:
        """POST a new object and return it as the peer holds it.

        Raises:
            Ambiguous: the peer says yes, but not what it made.
        """
        answer = self._send("POST", self._configuration.path(object_class), body=document)
        created = parsed(answer)
        if created is not None and id_of(created) is not None:
            return created
        try:
            if answer.status == 201 and not answer.body:
                return self.read(
                    object_class, unquote(answer.headers.get("location", "").rstrip("/").rpartition("/")[2])
                )
        except ConnectorError as error:
            raise _incomplete(answer) from error
        raise _incomplete(answer)

    def write(
        self, method: str, object_class: ObjectClass, remote_id: str, document: Document, *, version: str | None = None
    ) -> Document | None:
        """PATCH or PUT an object; the object as it then stands, or None when the peer does not say.

        Args:
            version: the change is refused (Transient) when the object is not of this version any more.

        Raises:
            Gone: the object is not there.
        """
        headers = {"If-Match": version} if version else {}
        path = self.location(object_class, remote_id)
        answer = self._send(method, path, _without_members(object_class), document, headers)
        after = parsed(answer)
        return after if id_of(after) == remote_id else None

    def remove(self, object_class: ObjectClass, remote_id: str) -> None:
        """DELETE an object (raises Gone)."""
        try:
            self._send("DELETE", self.location(object_class, remote_id))
        except Gone as error:
            self._confirm(object_class, error)
            raise

    def location(self, object_class: ObjectClass, remote_id: str) -> str:
        """The path of an object.

        Raises:
            Gone: no object can have this id.
        """
        if remote_id in ("", ".", "..") or not _is_text(remote_id):
            raise Gone("There is no object with this id.", facts={"confirmed": True})
        return f"{self._configuration.path(object_class)}/{quote(remote_id, safe='')}"

    def _confirm(self, object_class: ObjectClass, error: Gone) -> None:
        """Believe a bare 404 only if the peer's list of objects answers (raises Misconfigured otherwise)."""
        if error.facts.get("confirmed"):
            return
        try:
            self.document(self._configuration.path(object_class), {"count": "1"})
        except Gone as missing:
            raise Misconfigured("The system has nothing at this address; look at base URL and paths.") from missing

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Document | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        sent = dict(headers or {})
        if body is not None:
            sent["Content-Type"] = self._configuration.content_type.value
        if not all(_is_text(value) for value in (query or {}).values()):
            raise Rejected("A value to search for is no text that can be sent.")
        try:
            content = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        except ValueError as error:
            raise Rejected("A value cannot be written as JSON.") from error
        answer = self._http.request(method, path, query=query, headers=sent, body=content)
        if answer.status >= 300:
            raise self._errors.error(method, answer)
        if method not in SAFE_METHODS and answer.status == 202:
            raise Ambiguous("The system will carry out the request later.", facts={"status": 202})
        return answer


def _incomplete(answer: HttpResponse) -> Ambiguous:
    message = "The system accepted a new object, but its answer is incomplete."
    return Ambiguous(message, facts={"status": answer.status})


def _is_text(value: str) -> bool:
    """Whether a string has a form on the wire; half a surrogate pair has none."""
    try:
        return bool(value.encode()) or not value
    except UnicodeEncodeError:
        return False


def _without_members(object_class: ObjectClass, members: bool = False) -> dict[str, str]:
    return {"excludedAttributes": "members"} if object_class is ObjectClass.GROUP and not members else {}


def _credential(configuration: ScimConfiguration) -> str:
    if configuration.authentication is Authentication.BEARER:
        return f"Bearer {configuration.token}"
    pair = f"{configuration.user_name}:{configuration.password}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
