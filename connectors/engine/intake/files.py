"""Where the files of a run are kept until they are staged: under the data folder, readable by the portal alone."""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

MAX_FILE_BYTES = 200 * 1024 * 1024
_PIECE = 1024 * 1024
_UPLOAD_SECONDS = 24 * 3600
"""A folder of no run is that of an upload that is still coming in; older, its process is gone."""


class FileTooLargeError(Exception):
    """The upload is larger than `MAX_FILE_BYTES`."""


def folder_of(run_id: UUID) -> Path:
    """The folder of one run's files."""
    return _root() / str(run_id)


def there() -> list[UUID]:
    """The runs of which there are files, those of uploads that never became a run included."""
    found = []
    for each in _root().glob("*-*-*-*-*"):
        with suppress(ValueError):  # whatever else lies there is not ours
            found.append(UUID(each.name))
    return found


def is_abandoned(run_id: UUID) -> bool:
    """Whether files of which no run is known are older than any upload takes."""
    with suppress(FileNotFoundError):
        return folder_of(run_id).stat().st_mtime < time.time() - _UPLOAD_SECONDS
    return False


def shown_name(name: str) -> str:
    """The name of a file as people are shown it: without folders, and without what cannot be printed."""
    printable = "".join(each for each in name if each.isprintable())
    return PurePath(printable.replace("\\", "/")).name


def keep(run_id: UUID, number: int, source: BinaryIO) -> Path:
    """Copy an uploaded or named file into the run's folder (raises FileTooLargeError).

    Its own name is never used as a path, and says nothing of its format: here it has its number alone.
    """
    folder = folder_of(run_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / str(number)
    with target.open("wb") as copy:
        target.chmod(0o600)
        while piece := source.read(_PIECE):
            if copy.tell() + len(piece) > MAX_FILE_BYTES:
                raise FileTooLargeError
            copy.write(piece)
    return target


def kept(run_id: UUID) -> list[Path]:
    """The run's files, in the order they came."""
    return sorted(folder_of(run_id).glob("[0-9]*"), key=lambda path: int(path.stem))


def _root() -> Path:
    return Path(settings.PORTAL_DATA_DIR) / "imports"


def forget(run_ids: Iterable[UUID]) -> None:
    """Delete the files of runs that are staged or over; what was read stands in the staged rows."""
    for run_id in run_ids:
        shutil.rmtree(folder_of(run_id), ignore_errors=True)
