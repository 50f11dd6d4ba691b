"""Looking for files that were dropped, and at the imports of those that were taken."""

import fcntl
import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

from connectors.actions.imports import start_import
from connectors.drop_folder.folders import DONE, FAILED, WORKING, ProfileFolder, is_plain
from connectors.engine.intake.result import result_lines
from connectors.models import ImportProfile, Run
from connectors.vocabulary import RunKind, RunState
from identities.actors import file_actor
from identities.errors import IdentityError

logger = logging.getLogger(__name__)

ACTOR_NAME: Final = "drop folder"
# A file that was changed later than so many seconds ago may still be written to.
QUIET_SECONDS: Final = 5.0
_TAKEN: Final = re.compile(r"(?P<mark>[0-9a-f]{32})-(?P<name>.+)", re.DOTALL)
# In bytes: a mark stands before it, and what it is behind it.
_LONGEST_NAME: Final = 200
Size = tuple[int, int]


class DropFolder:
    """One drop folder, as this process has seen it. Any number of processes may look: one at a time does."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[tuple[str, str], Size] = {}

    def look(self) -> int:
        """Take what has stopped growing, and put away what is over; return how many files that was."""
        try:
            root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            logger.warning("The drop folder cannot be opened: %s", error)
            return 0
        try:
            fcntl.flock(root, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return sum(self._look_into(root, profile) for profile in ImportProfile.objects.all())
        except BlockingIOError:
            return 0
        finally:
            os.close(root)

    def _look_into(self, root: int, profile: ImportProfile) -> int:
        try:
            with ProfileFolder(root, profile.name) as folder:
                return sum(_put_away(folder, profile)) + sum(self._take(folder, profile))
        except FileNotFoundError:
            return 0
        except OSError as error:
            logger.warning("The folder of %s in the drop folder is not looked into: %s", profile.name, error)
            return 0

    def _take(self, folder: ProfileFolder, profile: ImportProfile) -> Iterator[bool]:
        names = folder.names()
        for known in [key for key in self._seen if key[0] == profile.name and key[1] not in names]:
            del self._seen[known]
        for name in names:
            status = folder.status(name)
            if not is_plain(status):
                _refuse(folder, name, "", f"{_readable(name)} is a link or no file. Put the file itself here.\n")
                yield True
            elif self._has_settled(profile, name, status):
                mark = uuid4().hex
                taken = f"{mark}-{_readable(name)}"
                folder.move(name, "", WORKING, taken)
                _start(folder, profile, taken, mark)
                yield True

    def _has_settled(self, profile: ImportProfile, name: str, status: os.stat_result) -> bool:
        """Whether a file looks as at the last look, and has been left alone for a while."""
        key, size = (profile.name, name), (status.st_size, status.st_mtime_ns)
        same = self._seen.get(key) == size
        self._seen[key] = size
        return same and time.time() - status.st_mtime > QUIET_SECONDS


def _readable(name: str) -> str:
    """The name without what cannot be shown, short enough for what is put before and behind it."""
    shown = "".join(each if each.isprintable() else "_" for each in name)
    return shown.encode()[-_LONGEST_NAME:].decode(errors="ignore").lstrip(".") or "file"


def _start(folder: ProfileFolder, profile: ImportProfile, taken: str, mark: str) -> None:
    """Start the import of a file that was taken. Its mark is the run's correlation id: by it both are known together
    again, whatever process goes on.
    """
    name = taken.partition("-")[2]
    actor = file_actor(profile.name, ACTOR_NAME).together_with(mark)
    try:
        with os.fdopen(folder.open(taken, WORKING), "rb") as source:
            start_import([(name, source)], profile, actor=actor, apply=bool(profile.options.get("apply_dropped")))
    except IdentityError as refusal:
        _refuse(folder, taken, WORKING, f"{refusal.message}\n")
    except OSError as error:
        _refuse(folder, taken, WORKING, f"The file cannot be read: {error.strerror or error}.\n")


def _put_away(folder: ProfileFolder, profile: ImportProfile) -> Iterator[bool]:
    """Move the files whose imports are over, and start again what a process that was killed had only taken."""
    taken = {match["mark"]: name for name in folder.names(WORKING) if (match := _TAKEN.fullmatch(name))}
    # Of this profile alone: a mark can be given to a file by whoever may write here.
    runs = Run.objects.filter(kind=RunKind.IMPORT, profile=profile, correlation_id__in=taken)
    by_mark = {run.correlation_id: run for run in runs.order_by("created_at")}
    for mark, name in taken.items():
        run = by_mark.get(mark)
        if run is None:
            _start(folder, profile, name, mark)
            yield True
        elif (place := _place_of(run)) is not None:
            folder.write(f"{name}.result.csv", place, result_lines(run))
            folder.move(name, WORKING, place, name)
            yield True


def _place_of(run: Run) -> str | None:
    """Where the file belongs now; None while the import is not over or waits for a person."""
    if run.state == RunState.DONE:
        return DONE
    if run.state in (RunState.FAILED, RunState.CANCELLED):
        return FAILED
    blocked = run.state == RunState.PLANNED and run.findings.filter(blocking=True).exists()
    return FAILED if blocked else None


def _refuse(folder: ProfileFolder, name: str, place: str, why: str) -> None:
    """Put away a file of which there is no import. A link is moved as a link: nothing follows it."""
    mark = "" if place else f"{uuid4().hex}-"
    new_name = f"{mark}{_readable(name)}"
    folder.write(f"{new_name}.result.txt", FAILED, [why])
    folder.move(name, place, FAILED, new_name)
    logger.warning("A dropped file was refused: %s", why.strip())
