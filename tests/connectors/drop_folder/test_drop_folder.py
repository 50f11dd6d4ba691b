"""Files that are dropped: taken when they are whole, imported once, put away with what became of them."""

from __future__ import annotations

import csv
import fcntl
import io
import os
import time
from pathlib import Path
from typing import Any

import pytest

from connectors.actions.import_profiles import create_profile, update_profile
from connectors.actions.imports import apply_import, cancel_import, start_import
from connectors.drop_folder import DropFolder, looking
from connectors.drop_folder.looking import QUIET_SECONDS
from connectors.engine.intake import work
from connectors.models import ImportProfile, Run
from connectors.vocabulary import RunState
from identities.actors import command_actor
from identities.mapping import MappingRow
from identities.models import AuditEntry, ChangeEvent, User
from provisioning_portal.due_work import due_work

pytestmark = pytest.mark.django_db

GOOD = "no,login,title\n1,ada,=1+1\n2,bob,Boss\n"


@pytest.fixture
def profile() -> ImportProfile:
    names = {"employee_number": "no", "user_name": "login", "title": "title"}
    rows = [MappingRow(attribute, source=column) for attribute, column in names.items()]
    return create_profile("plant", rows, actor=command_actor(), key_column="no", options={"apply_dropped": True})


@pytest.fixture
def plant(tmp_path: Path, profile: ImportProfile) -> Path:
    folder = tmp_path / "drop" / "plant"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def dropped(plant: Path) -> DropFolder:
    return DropFolder(plant.parent)


def put(folder: Path, name: str = "people.csv", text: str = GOOD) -> Path:
    """A file that nobody has written to for a while."""
    path = folder / name
    path.write_text(text)
    before = time.time() - QUIET_SECONDS - 1
    os.utime(path, (before, before))
    return path


def names(folder: Path) -> list[str]:
    """What lies in a folder, without the marks."""
    return sorted(path.name.partition("-")[2] for path in folder.iterdir()) if folder.is_dir() else []


def results(folder: Path) -> list[list[str]]:
    (path,) = folder.glob("*.result.csv")
    return list(csv.reader(path.open(newline="")))


def test_a_file_is_taken_when_it_has_stopped_growing_and_put_away_when_it_is_imported(
    plant: Path, dropped: DropFolder
) -> None:
    path = put(plant)
    assert dropped.look() == 0
    put(plant, text=f"{GOOD}3,grace,Engineer\n")
    assert dropped.look() == 0
    path.touch()
    assert (dropped.look(), dropped.look()) == (0, 0)
    put(plant, text=f"{GOOD}3,grace,Engineer\n")
    assert (dropped.look(), dropped.look()) == (0, 1)
    assert names(plant / "working") == ["people.csv"]
    assert work("test") == 1
    assert dropped.look() == 1
    assert names(plant / "done") == ["people.csv", "people.csv.result.csv"]
    assert names(plant / "working") == []
    assert results(plant / "done") == [
        ["part", "row", "key", "planned", "result", "problem"],
        *(["people", str(row), str(row - 1), "create", "applied", ""] for row in (2, 3, 4)),
    ]
    assert User.objects.get(user_name_key="ada").default_origin == "file:plant"
    assert set(AuditEntry.objects.filter(verb="user.created").values_list("actor_name", flat=True)) == {"drop folder"}


def test_the_same_file_again_changes_nothing(plant: Path, dropped: DropFolder) -> None:
    for _time in range(2):
        put(plant)
        dropped.look(), dropped.look(), work("test"), dropped.look()
    assert names(plant / "done") == ["people.csv"] * 2 + ["people.csv.result.csv"] * 2
    assert list(Run.objects.values_list("state", flat=True)) == [RunState.DONE] * 2
    assert ChangeEvent.objects.count() == 2


def test_problems_are_told_beside_the_file_and_no_cell_is_a_formula(plant: Path, dropped: DropFolder) -> None:
    put(plant, text="no,login,title\n=cmd|' /C calc'!A0,ada,x\n2,,y\n")
    dropped.look(), dropped.look(), work("test"), dropped.look()
    assert names(plant / "failed") == ["people.csv", "people.csv.result.csv"]
    _head, formula, problem = results(plant / "failed")
    assert (formula[2], formula[3]) == ("'=cmd|' /C calc'!A0", "create")
    assert (problem[3:5], "no login" in problem[5]) == (["problem", "problem"], True)
    assert not User.objects.persons().exists()


def test_a_person_decides_unless_the_profile_says_otherwise(
    plant: Path, dropped: DropFolder, profile: ImportProfile
) -> None:
    update_profile(profile, actor=command_actor(), options={})
    put(plant, "first.csv"), put(plant, "second.csv")
    dropped.look(), dropped.look(), work("test", limit=2)
    assert dropped.look() == 0
    assert names(plant / "working") == ["first.csv", "second.csv"]
    apply_import(Run.objects.get(file_name="first.csv"), actor=command_actor())
    cancel_import(Run.objects.get(file_name="second.csv"), actor=command_actor())
    work("test")
    assert dropped.look() == 2
    assert names(plant / "done") == ["first.csv", "first.csv.result.csv"]
    assert names(plant / "failed") == ["second.csv", "second.csv.result.csv"]


def test_links_and_what_is_no_file_are_refused_and_never_followed(
    plant: Path, dropped: DropFolder, tmp_path: Path
) -> None:
    secret = put(tmp_path, "secret.csv")
    (plant / "link.csv").symlink_to(secret)
    (plant / "hard.csv").hardlink_to(secret)
    os.mkfifo(plant / "pipe.csv")
    put(plant, ".hidden.csv")
    assert dropped.look() == 3
    assert not Run.objects.exists()
    assert len(list((plant / "failed").glob("*.result.txt"))) == 3
    assert secret.read_text() == GOOD
    assert (plant / ".hidden.csv").exists()


@pytest.mark.parametrize("name", ["working", "failed", "done"])
def test_a_folder_that_is_a_link_is_not_used(plant: Path, dropped: DropFolder, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (plant / name).symlink_to(outside)
    put(plant)
    for _time in range(3):
        dropped.look()
        work("test")
    assert list(outside.iterdir()) == []


def test_a_profile_folder_that_is_a_link_is_not_looked_into(plant: Path, tmp_path: Path) -> None:
    outside = DropFolder(tmp_path / "other")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "plant").symlink_to(plant)
    put(plant)
    assert (outside.look(), outside.look(), Run.objects.count()) == (0, 0, 0)


def test_what_a_killed_worker_took_is_started_by_the_next(
    plant: Path, dropped: DropFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object, **kwargs: object) -> None:
        raise SystemExit

    put(plant)
    dropped.look()
    with monkeypatch.context() as patched:
        patched.setattr(looking, "start_import", killed)
        with pytest.raises(SystemExit):
            dropped.look()
    assert names(plant / "working") == ["people.csv"]
    other = DropFolder(plant.parent)
    assert (other.look(), other.look(), Run.objects.count()) == (1, 0, 1)


def test_a_mark_given_by_hand_shows_nothing_of_another_profile_s_import(plant: Path, dropped: DropFolder) -> None:
    mark = "a" * 32
    rows = [MappingRow("employee_number", source="no"), MappingRow("user_name", source="login")]
    other = create_profile("other", rows, actor=command_actor(), key_column="no")
    start_import([("x.csv", io.BytesIO(b"no,login\n9,eve\n"))], other, actor=command_actor().together_with(mark))
    cancel_import(Run.objects.get(), actor=command_actor())
    (plant / "working").mkdir()
    put(plant / "working", f"{mark}-people.csv")
    assert dropped.look() == 1
    assert names(plant / "failed") == []
    assert Run.objects.filter(profile__name="plant", correlation_id=mark).count() == 1


def test_one_process_looks_at_a_time(plant: Path, dropped: DropFolder) -> None:
    put(plant)
    dropped.look()
    holder = os.open(plant.parent, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    assert dropped.look() == 0
    os.close(holder)
    assert dropped.look() == 1


def test_names_of_all_kinds_are_taken(plant: Path, dropped: DropFolder) -> None:
    raw = os.fsencode(plant) + b"/\xff\n.csv"
    Path(os.fsdecode(raw)).write_text(GOOD)
    put(plant, f"{'ü' * 120}.csv")
    before = time.time() - QUIET_SECONDS - 1
    os.utime(raw, (before, before))
    assert (dropped.look(), dropped.look()) == (0, 2)
    work("test", limit=2)
    assert dropped.look() == 2
    assert len(list((plant / "done").iterdir())) == 4


def test_workers_look_where_the_setting_says(plant: Path, settings: Any) -> None:
    assert "drop folder" not in [each.name for each in due_work()]
    settings.PORTAL_IMPORT_DROP_FOLDER = plant.parent
    (found,) = (each for each in due_work() if each.name == "drop folder")
    put(plant)
    assert (found.run(), found.run()) == (0, 1)
    settings.PORTAL_IMPORT_DROP_FOLDER = plant.parent / "nowhere"
    assert next(each for each in due_work() if each.name == "drop folder").run() == 0
