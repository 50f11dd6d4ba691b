"""Reading the file of an import out of a request: a form, or the body itself."""

from collections.abc import Mapping
from typing import IO, Any, BinaryIO, Final

from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from scim2_models import SCIMException

from connectors.engine.intake.files import MAX_FILE_BYTES, shown_name
from identities.errors import RuleViolation
from identities.scim.wire.parsers import JsonParser

# What a form has beside its files.
_FORM_BYTES: Final = 64 * 1024


class RawParser(BaseParser):
    """Any other body is the file: it is not read before it is kept."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> IO[bytes]:
        """The body."""
        return stream


class ObjectParser(JsonParser):
    """A small JSON object, within the limits of SCIM requests."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The object (raises ParseError, TooLarge)."""
        try:
            return super().parse(stream, media_type)
        except SCIMException as error:
            raise ParseError(str(error.detail)) from error


PARSERS: Final = (MultiPartParser, RawParser)


def check_length(request: Request) -> None:
    """Refuse a body that is too long or says no length, before anything is read of it (raises RuleViolation)."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or -1)
    except ValueError:
        length = -1
    if length < 0:
        text = _("Say how long the body is (Content-Length): a body in chunks is not taken.")
        raise RuleViolation("no_length", text, field="file")
    if length > MAX_FILE_BYTES + _FORM_BYTES:
        limit = MAX_FILE_BYTES // (1024 * 1024)
        text = _("The file is larger than %(limit)d MB.") % {"limit": limit}
        raise RuleViolation("file_too_large", text, field="file")


def uploaded(request: Request) -> tuple[str, list[tuple[str, BinaryIO]]]:
    """The profile that is named, and name and content of each file: fields `profile` and `file` of a form, or a body
    with `profile` and `file_name` in the address (or `Content-Disposition`).

    Raises:
        RuleViolation: something is missing; `field` names it.
    """
    check_length(request)
    if request.content_type and request.content_type.partition(";")[0].strip().lower() == MultiPartParser.media_type:
        profile = request.data.get("profile") or request.query_params.get("profile", "")
        sources = [(file.name, file) for file in request.FILES.getlist("file")]
    else:
        profile = request.query_params.get("profile", "")
        sources = [(_named(request), request.data)] if request.META.get("CONTENT_LENGTH") != "0" else []
    if not isinstance(profile, str) or not profile:
        raise RuleViolation("required", _("Name the import profile."), field="profile")
    if not sources:
        raise RuleViolation("no_file", _("Send a file to import."), field="file")
    return profile, sources


def _named(request: Request) -> str:
    name = request.query_params.get("file_name", "")
    if not name:
        _kind, parameters = parse_header_parameters(request.META.get("HTTP_CONTENT_DISPOSITION", ""))
        name = parameters.get("filename", "")
    if not shown_name(name):
        text = _("Name the file: by file_name in the address, or by Content-Disposition.")
        raise RuleViolation("required", text, field="file_name")
    return name
