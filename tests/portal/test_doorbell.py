"""The message folder of the embedded default."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue
from kombu.transport.virtual import Channel


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to a folder of its own."""
    options = {"data_folder_in": str(tmp_path / "in"), "data_folder_out": str(tmp_path / "in")}
    options["control_folder"] = str(tmp_path / "control")
    with Connection(transport="provisioning_portal.doorbell:Transport", transport_options=options) as connection:
        yield connection


@pytest.fixture
def queue(connection: Connection) -> SimpleQueue:
    """A queue that no other test knows: kombu keeps the declared ones for the life of the process."""
    return connection.SimpleQueue(f"bells-{uuid.uuid4()}")


def test_ten_thousand_rings_wait_as_one(queue: SimpleQueue) -> None:
    for _ in range(200):
        queue.put({"task": "drain"})
    queue.put({"task": "seal"})
    assert queue.qsize() == 2


def test_a_ring_after_taking_waits_again(queue: SimpleQueue) -> None:
    queue.put({"task": "drain"})
    assert queue.get(timeout=2).payload == {"task": "drain"}
    queue.put({"task": "drain"})
    assert queue.qsize() == 1


def test_each_message_is_taken_once_by_many_readers(connection: Connection) -> None:
    writer: Channel = connection.channel()
    for number in range(300):
        writer._put("bells", {"headers": {"task": str(number)}, "body": ""})
    taken: list[str] = []
    failures: list[BaseException] = []

    def read() -> None:
        reader: Channel = connection.channel()
        try:
            while True:
                taken.append(reader._get("bells")["headers"]["task"])
        except Empty:
            return
        except BaseException as error:  # noqa: BLE001  a thread's failure must reach the test
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in readers:
        thread.start()
    for thread in readers:
        thread.join()
    assert failures == []
    assert sorted(map(int, taken)) == list(range(300))
