"""The embedded default's message folder: kombu's filesystem transport, made fit for doorbells.

Two differences from kombu's own. A message appears under its name only when it is whole, and is taken by one rename:
a reader never sees half of one. And a message that is the same as one still waiting replaces it: ten thousand changes
ring once.
"""

import hashlib
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

PATIENCE_SECONDS = 0.5


class Channel(filesystem.Channel):
    """A channel to the folder of waiting messages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open the folder, making it when this is the first start."""
        super().__init__(*args, **kwargs)
        self._folder = Path(self.data_folder_in)
        self._folder.mkdir(parents=True, exist_ok=True)

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:
        """Leave a message, over an equal one that still waits."""
        task = payload.get("headers", {}).get("task", "")
        digest = hashlib.sha256(f"{task} {payload.get('body')}".encode()).hexdigest()[:32]
        draft = self._folder / f"{uuid.uuid4()}.draft"
        draft.write_text(dumps(payload))
        draft.replace(self._folder / f"{digest}.{queue}.msg")

    def _get(self, queue: str) -> dict[str, Any]:
        """Take a waiting message.

        Raises:
            Empty: none waits.
        """
        for waiting in self._folder.glob(f"*.{queue}.msg"):
            taken = self._folder / f"{uuid.uuid4()}.taken"
            try:
                waiting.rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            payload: dict[str, Any] = loads(taken.read_text())
            taken.unlink()
            return payload
        raise Empty


class Transport(filesystem.Transport):
    """The transport that Celery is told to use; see the module."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:
        """See kombu's; returns to the worker often, which looks only between calls whether it is to stop."""
        super().drain_events(connection, timeout=min(timeout or PATIENCE_SECONDS, PATIENCE_SECONDS))
