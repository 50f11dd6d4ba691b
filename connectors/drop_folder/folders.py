"""Folders that others may write to, used so that no link leads out of them: everything is done below an open folder."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

WORKING, DONE, FAILED = "working", "done", "failed"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class ProfileFolder:
    """The open folder of one profile, with those below it. Use it as a context manager."""

    def __init__(self, root: int, name: str) -> None:
        """Raises OSError: there is no such folder, or a link stands in its place."""
        self._fds: dict[str, int] = {}
        self._fds[""] = os.open(name, _FOLDER, dir_fd=root)

    def __enter__(self) -> "ProfileFolder":
        return self

    def __exit__(self, *exc_info: object) -> None:
        for fd in self._fds.values():
            os.close(fd)

    def names(self, place: str = "") -> list[str]:
        """What lies in one of its folders, hidden files and folders left out."""
        with os.scandir(self._at(place)) as entries:
            found = [each.name for each in entries if not each.is_dir(follow_symlinks=False)]
        return sorted(name for name in found if not name.startswith("."))

    def status(self, name: str, place: str = "") -> os.stat_result:
        """Of the file itself, or of the link."""
        return os.stat(name, dir_fd=self._at(place), follow_symlinks=False)

    def move(self, name: str, place: str, new_place: str, new_name: str) -> None:
        """Move a file. Nobody else can have moved it as well (raises FileNotFoundError)."""
        os.rename(name, new_name, src_dir_fd=self._at(place), dst_dir_fd=self._at(new_place))

    def open(self, name: str, place: str) -> int:
        """A regular file, for reading, as a descriptor (raises OSError for anything else)."""
        fd = os.open(name, _FILE, dir_fd=self._at(place))
        if not is_plain(os.fstat(fd)):
            os.close(fd)
            raise OSError(f"{name} is no plain file")
        return fd

    def write(self, name: str, place: str, lines: Iterable[str]) -> None:
        """Write a file that nobody sees under its name before it is whole."""
        at, unfinished = self._at(place), f".{name}"
        with suppress(FileNotFoundError):  # left by a process that was killed
            os.unlink(unfinished, dir_fd=at)
        with os.fdopen(os.open(unfinished, _NEW, 0o640, dir_fd=at), "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        os.rename(unfinished, name, src_dir_fd=at, dst_dir_fd=at)

    def _at(self, place: str) -> int:
        if place not in self._fds:
            with suppress(FileExistsError):
                os.mkdir(place, 0o750, dir_fd=self._fds[""])
            self._fds[place] = os.open(place, _FOLDER, dir_fd=self._fds[""])
        return self._fds[place]


def is_plain(status: os.stat_result) -> bool:
    """Whether this is a regular file that stands under one name: no link of either kind, no device, no pipe."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1
