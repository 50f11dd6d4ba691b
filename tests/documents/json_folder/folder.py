"""The files: one per object, named by its id, written whole or not at all."""

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.spi import Gone, Misconfigured, ObjectClass, Rejected, Transient, Transport

Document = dict[str, Any]
LOCK_STEP_SECONDS = 0.05
_ID = re.compile(r"[0-9a-f]{32}")


class Folder:
    """One folder with `users` and `groups` in it.

    Every path is asked of the transport, which refuses what lies outside the folder for local systems.
    """

    def __init__(self, name: str, transport: Transport) -> None:
        self._name = name
        self._transport = transport

    def root(self) -> Path:
        """The real path of the folder (raises Misconfigured: it is not there, or not allowed)."""
        root = self._transport.database_path(f"{self._name}/.lock").parent
        if not root.is_dir():
            raise Misconfigured("There is no folder of this name.")
        return root

    def ids(self, object_class: ObjectClass) -> list[str]:
        """The ids of all objects, in a stable order."""
        with _errors_sorted():
            found = [path.stem for path in (self.root() / f"{object_class}s").glob("*.json")]
        return sorted(each for each in found if _ID.fullmatch(each))

    def read(self, object_class: ObjectClass, remote_id: str) -> Document:
        """One object as its file has it (raises Gone, Rejected: somebody broke the file)."""
        path = self._path(object_class, remote_id)
        try:
            with _errors_sorted():
                content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Gone(f"There is no {object_class} with the id {remote_id}.") from None
        except ValueError as error:
            raise Rejected(f"The file {path.name} is not valid JSON.", detail=str(error)) from error
        if not isinstance(content, dict):
            raise Rejected(f"The file {path.name} does not hold an object.")
        return content

    def write(self, object_class: ObjectClass, remote_id: str, document: Document) -> None:
        """Put the object in its place: until the rename nothing has changed, after it everything has."""
        path = self._path(object_class, remote_id)
        draft = path.with_suffix(".draft")
        with _errors_sorted():
            path.parent.mkdir(exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                json.dump(document, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            self._transport.remaining()
            draft.replace(path)

    def remove(self, object_class: ObjectClass, remote_id: str) -> None:
        """Delete the object's file (raises Gone)."""
        try:
            with _errors_sorted():
                self._path(object_class, remote_id).unlink()
        except FileNotFoundError:
            raise Gone(f"There is no {object_class} with the id {remote_id}.") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock, so that no other connection takes the same name meanwhile (raises Transient)."""
        with _errors_sorted(), (self.root() / ".lock").open("w") as lock:
            while not _taken(lock.fileno()):
                self._transport.remaining()
                time.sleep(LOCK_STEP_SECONDS)
            yield

    def _path(self, object_class: ObjectClass, remote_id: str) -> Path:
        """The object's file; asked for before anything is done with it, and so not after the deadline."""
        self._transport.remaining()
        if not _ID.fullmatch(remote_id):
            raise Gone(f"There is no {object_class} with the id {remote_id}.")
        return self._transport.database_path(f"{self._name}/{object_class}s/{remote_id}.json")


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _errors_sorted() -> Iterator[None]:
    """Operating system's errors in the classes the engine knows; a missing file is the caller's to judge."""
    try:
        yield
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise Misconfigured("The portal may not use this folder.", detail=str(error.strerror)) from error
    except OSError as error:
        raise Transient("The folder cannot be used at the moment.", detail=str(error.strerror)) from error
