"""What a peer's HTTP answers mean: the SPI's error classes, decided by status, then by what the peer says."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.spi import (
    AlreadyExists,
    Ambiguous,
    ConnectorError,
    Gone,
    HttpResponse,
    Misconfigured,
    Rejected,
    Throttled,
    Transient,
)

MAX_WAIT_SECONDS = 3600.0
UNREADABLE_WAIT_SECONDS = 30.0
MAX_DETAIL = 500
MAX_DEPTH = 50
SAFE_METHODS = frozenset({"GET", "HEAD"})
_QUOTA = re.compile(r"(?i:quota|too many requests|throttl)|(?:\brate|Rate|RATE)(?i:.?limit)")
_ADVICE = {
    401: "The system refuses the credentials.",
    403: "The system does not allow the portal to do this.",
    405: "The system does not know this method here; look at the switches for PATCH and PUT.",
    406: "The system does not answer in SCIM's media types; look at the content type.",
    415: "The system refuses the content type; look at the switch for it.",
    501: "The system does not implement this; look at the switches of the dialect.",
}


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds to wait (RFC 9110 section 10.2.3), at most an hour; None when the peer did not say.

    A moment in the past or a negative number is 0; what cannot be read is half a minute.
    """
    if header is None:
        return None
    text = header.strip()
    if re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]*)?", text):
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
            seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return MAX_WAIT_SECONDS if text.isascii() and text.isdigit() else UNREADABLE_WAIT_SECONDS
    return min(max(seconds, 0.0), MAX_WAIT_SECONDS)


def parsed(answer: HttpResponse) -> dict[str, Any] | None:
    """The JSON object of an answer; None when there is none, or it is broken or nested too deep."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and not _is_deep(document) else None


def _is_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [child for children in inner for child in children if isinstance(child, dict | list)]
        if not level:
            return False
    return True


class ErrorReader:
    """Turns answers that are no success into errors, without ever repeating a secret.

    Args:
        secrets: what must not stand in any text, should the peer send it back.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def error(self, method: str, answer: HttpResponse) -> ConnectorError:
        """The error an answer with a status of 300 or more stands for."""
        said = parsed(answer) or {}
        scim_type, detail = self._text(said.get("scimType")), self._text(said.get("detail"))
        facts = {"status": answer.status, **({"scimType": scim_type} if scim_type else {})}
        wait = retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
        if self._is_throttled(answer, wait):
            # A gateway answers 503 for a server that may have done its part; a 4xx is a refusal.
            refused = answer.status < 500
            message = "The system asks to wait."
            return Throttled(message, retry_after=wait, is_refused=refused, detail=detail, facts=facts)
        if scim_type == "uniqueness":
            return AlreadyExists("The system already has an object of this name.", detail=detail, facts=facts)
        return _by_status(method, answer.status, said, detail, facts)

    def _is_throttled(self, answer: HttpResponse, wait: float | None) -> bool:
        if answer.status == 429 or (answer.status == 503 and wait is not None):
            return True
        return answer.status == 403 and (
            wait is not None or _QUOTA.search(answer.body[:4096].decode("latin-1")) is not None
        )

    def _text(self, value: Any) -> str:
        """A short text of the peer, on one line, secrets removed."""
        if not isinstance(value, str):
            return ""
        for secret in self._secrets:
            value = value.replace(secret, "***")
        return " ".join(value.split())[:MAX_DETAIL]


def _by_status(method: str, status: int, said: dict[str, Any], detail: str, facts: dict[str, object]) -> ConnectorError:
    told = f" It says: {detail}" if detail else ""
    if status < 400:
        message = "The system answers with a redirect, which is not followed; enter the address it points to."
        return Misconfigured(message, detail=detail, facts=facts)
    if status in _ADVICE:
        return Misconfigured(_ADVICE[status], detail=detail, facts=facts)
    if status in (404, 410):
        return _not_found(method, status, said, detail, facts)
    if status == 409:
        return _conflict(method, detail, facts)
    if status in (408, 412, 425):
        return Transient(f"The system did not take the request (HTTP {status}).", detail=detail, facts=facts)
    if status >= 500:
        error = Transient if method in SAFE_METHODS else Ambiguous
        return error(f"The system failed (HTTP {status}).", detail=detail, facts=facts)
    return Rejected(f"The system refuses the request (HTTP {status}).{told}", detail=detail, facts=facts)


def _conflict(method: str, detail: str, facts: dict[str, object]) -> ConnectorError:
    """A create meets a name that is taken; a write may as well meet somebody else's (RFC 7644 section 3.12)."""
    if method == "POST":
        return AlreadyExists("The system already has an object of this name.", detail=detail, facts=facts)
    return Transient("The object was changed by somebody else meanwhile.", detail=detail, facts=facts)


def _not_found(method: str, status: int, said: dict[str, Any], detail: str, facts: dict[str, object]) -> ConnectorError:
    """404 speaks of an object only where the peer speaks SCIM; a proxy's page must not make accounts look gone."""
    if method == "POST":
        return Misconfigured("The system has nothing at this address; look at base URL and paths.", facts=facts)
    spoken = status == 410 or str(said.get("status")) == str(status)
    return Gone("The object is not there any more.", detail=detail, facts={**facts, "confirmed": spoken})
