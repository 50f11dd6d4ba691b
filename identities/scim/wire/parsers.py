"""Reading request bodies: JSON objects within limits, and nothing that two readers could understand differently."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from scim2_models import InvalidSyntaxException

from identities.scim.limits import BODY_BYTES, JSON_DEPTH, MEDIA_TYPE

_LARGEST_INTEGER = 2**53


class TooLarge(APIException):
    """The body is larger than the service reads (RFC 7644 section 3.12, status 413)."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {BODY_BYTES} bytes."


class ScimParser(BaseParser):
    """`application/scim+json` (RFC 7644 section 3.1)."""

    media_type = MEDIA_TYPE

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The body as an object, which the view also gets for the request log.

        Raises:
            TooLarge: more bytes than the limit.
            InvalidSyntaxException: no UTF-8, no JSON, no object, an object with the same name twice, a number or
                character that cannot be kept, or too much nesting.
        """
        body = stream.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            raise TooLarge
        payload = read_object(body)
        if parser_context and "view" in parser_context:
            parser_context["view"].payload = payload
        return payload


class JsonParser(ScimParser):
    """`application/json`, which many clients send."""

    media_type = "application/json"


def read_object(body: bytes) -> dict[str, Any]:
    """See `ScimParser.parse`."""
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer
        )
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8.")
    except RecursionError:
        _refuse("The body is nested too deeply.")
    except ValueError as error:
        _refuse(f"The body is not JSON: {error}.")
    if not isinstance(value, dict):
        _refuse("The body is not a JSON object.")
    _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Names differ by case only in what a reader makes of them (RFC 7643 section 2.1).
    if len({name.lower() for name, _ in pairs}) < len(pairs):
        raise ValueError("an object has the same name twice")
    return dict(pairs)


def _integer(digits: str) -> int:
    if len(digits) > len(str(_LARGEST_INTEGER)) + 1 or abs(int(digits)) > _LARGEST_INTEGER:
        raise ValueError("a number is too large")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _check(value: dict[str, Any]) -> None:
    """Refuse depth, and characters and numbers that no attribute can hold. No recursion: depth is what is checked."""
    level: list[Any] = [value]
    for _ in range(JSON_DEPTH):
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper += each.keys()
                deeper += each.values()
            elif isinstance(each, list):
                deeper += each
            else:
                _check_scalar(each)
        if not deeper:
            return
        level = deeper
    _refuse("The body is nested too deeply.")


def _check_scalar(value: Any) -> None:
    if isinstance(value, str) and ("\x00" in value or not _encodable(value)):
        _refuse("The body holds a character that no attribute can hold.")
    if isinstance(value, float) and not math.isfinite(value):
        _refuse("The body holds a number that is too large.")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(detail: str) -> NoReturn:
    raise InvalidSyntaxException(detail=detail)
