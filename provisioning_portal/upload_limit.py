"""How large a form with files may be: decided by the length it says, before anything of it is put on the disk."""

from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from connectors.engine.intake.files import MAX_FILE_BYTES

MAX_FORM_BYTES: Final = 2 * MAX_FILE_BYTES + 1024 * 1024
"""The largest form has a file of people and one of departments."""


class UploadLimit(FileUploadHandler):
    """Stands before the handlers that keep files, and lets them have what is not too much."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  Django's own name
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> None:
        """Refuse the whole request (raises RequestDataTooBig, which is answered with 400)."""
        if content_length > MAX_FORM_BYTES:
            raise RequestDataTooBig(f"A form may have {MAX_FORM_BYTES:,} bytes, and this one has {content_length:,}.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand it on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to those behind."""
