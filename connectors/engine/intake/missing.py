"""People who are missing from a file that is complete: who they are, and when a person has to confirm their number."""

from collections.abc import Iterable, Iterator

from django.db.models import Q, QuerySet

from connectors.engine.intake.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import CHUNK, PEOPLE, add_findings, add_rows
from connectors.models import ImportProfile, Run, StagedRow
from connectors.vocabulary import RowState
from identities.actors import file_origin
from identities.canonical import fold
from identities.models import Suspension, User
from identities.vocabulary import UserState

KEY = "employee_number"


def plan_missing(run: Run, profile: Profile) -> None:
    """Plan to disable whom this profile imported and whom its file does not have any more.

    A file without a person disables nobody: it is refused.
    """
    rows = run.rows.filter(part=PEOPLE)
    keys = {fold(key) for key in rows.values_list("key", flat=True).iterator(chunk_size=CHUNK)}
    if not keys or run.profile is None:
        return
    add_rows(run, PEOPLE, _missing(profile.origin, keys))
    number = rows.filter(state=RowState.DISABLE).count()
    if over_limits(run.profile, number):
        text = f"{number} people are missing from the file. Somebody has to confirm this number to apply the import."
        add_findings(run, PEOPLE, [Problem("many_missing", text, value=str(number))], blocking=False)


def over_limits(profile: ImportProfile, number: int) -> bool:
    """Whether so many missing people are more than both limits of the profile allow."""
    allowed = people_of(file_origin(profile.name)).count() * profile.missing_limit_percent / 100
    return number > profile.missing_limit and number > allowed


def people_of(origin: str) -> "QuerySet[User]":
    """People this origin imported and nobody else has taken over by their key, who work here and are not suspended by
    it.
    """
    owned = Q(**{f"owners__{KEY}": origin}) | (Q(default_origin=origin) & ~Q(owners__has_key=KEY))
    suspended = Suspension.objects.filter(origin=origin).values("user_id")
    here = User.objects.persons().filter(owned, state__in=(UserState.ACTIVE, UserState.STAGED))
    return here.exclude(employee_number_key="").exclude(pk__in=suspended)


def _missing(origin: str, keys: Iterable[str]) -> Iterator[StagedRow]:
    there = set(keys)
    people = people_of(origin).order_by("employee_number_key", "pk").values_list("pk", "employee_number")
    for pk, number in people.iterator(chunk_size=CHUNK):
        if fold(number) not in there:
            difference = {"suspended": [None, origin]}
            yield StagedRow(key=number, object_id=pk, state=RowState.DISABLE, difference=difference)
