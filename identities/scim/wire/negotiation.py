"""Which of the two types of answers a client prefers (RFC 7644 section 3.8, RFC 9110 section 12.5.1)."""

from collections.abc import Iterable
from typing import Any, Final

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

_ANYTHING: Final = "*/*"


class ScimNegotiation(BaseContentNegotiation):
    """Takes the type with the highest weight; of equal ones the service's own order decides."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """The parser for the body's type; None if there is none."""
        given = str(request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == given), None)

    def select_renderer(self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None) -> Any:
        """The renderer and its type.

        Raises:
            NotAcceptable: the client takes neither.
        """
        # A header that says nothing is as good as none.
        ranges = [_range(text) for text in (request.META.get("HTTP_ACCEPT") or _ANYTHING).split(",")]
        weights = [(_weight(renderer.media_type, ranges), renderer) for renderer in renderers]
        weight, renderer = max(weights, key=lambda pair: pair[0])
        if weight <= 0:
            raise NotAcceptable(available_renderers=[renderer for _, renderer in weights])
        return renderer, renderer.media_type


def _range(text: str) -> tuple[str, float]:
    """One media range with its weight; other parameters are passed over, and what is no number weighs nothing."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return name, float(weight)
    except ValueError:
        return name, 0


def _weight(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """The weight of the most specific range that the type lies in."""
    for wanted in (media_type, f"{media_type.partition('/')[0]}/*", _ANYTHING):
        found = [weight for name, weight in ranges if name == wanted]
        if found:
            return max(found)
    return 0
