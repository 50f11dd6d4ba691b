"""What is missing from a file that is complete: which people, and when a person has to confirm how many, or how many
memberships.
"""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from connectors.engine.intake.keys import KeySet
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import CHUNK, PEOPLE, add_findings, add_rows
from connectors.models import ImportProfile, Run, StagedRow
from connectors.vocabulary import ImportContent, RowState, RunKind
from identities.actors import file_origin
from identities.canonical import fold
from identities.models import MembershipOrigin, Suspension, User
from identities.vocabulary import UserState

KEY = "employee_number"
_MISSING = (RowState.DISABLE, RowState.WITHDRAWN)


def plan_missing(run: Run, profile: Profile) -> None:
    """Plan to disable whom this profile imported and whom its file does not have any more.

    A file without a person disables nobody: it is refused.
    """
    rows = run.rows.filter(part=PEOPLE).order_by()
    keys = KeySet(fold(key) for key in rows.values_list("key", flat=True).iterator(chunk_size=CHUNK))
    if not keys or run.profile is None:
        return
    add_rows(run, PEOPLE, _missing(profile.origin, keys))
    tell_many_missing(run, PEOPLE)


def tell_many_missing(run: Run, part: str) -> None:
    """Say in the plan that a person has to confirm how many are missing, if so."""
    if number := many_missing(run):
        text = f"{missing_in_words(run, number)}. Somebody has to confirm this number to apply the import."
        add_findings(run, part, [Problem("many_missing", text, value=str(number))], blocking=False)


def many_missing(run: Run) -> int:
    """How many people a plan disables, and memberships it withdraws, because a complete file does not have them, where
    that is more than both limits of its profile allow; otherwise 0. An undo is not limited.
    """
    number = run.rows.filter(state__in=_MISSING).count()
    if not number or run.kind == RunKind.UNDO or run.profile is None:
        return 0
    profile = run.profile
    allowed = _imported_by(profile) * profile.missing_limit_percent / 100
    return number if number > profile.missing_limit and number > allowed else 0


def missing_in_words(run: Run, number: int) -> str:
    """What is missing, as the beginning of a sentence."""
    what = "people" if run.profile is None or run.profile.content == ImportContent.PEOPLE else "memberships"
    return f"{number} {what} are missing from the file"


def _imported_by(profile: ImportProfile) -> int:
    """How many people this profile imported, or how many memberships it asserts."""
    origin = file_origin(profile.name)
    if profile.content == ImportContent.PEOPLE:
        return people_of(origin).count()
    return MembershipOrigin.objects.filter(origin=origin).count()


def people_of(origin: str) -> "QuerySet[User]":
    """People this origin imported and nobody else has taken over by their key, who work here and are not suspended by
    it.
    """
    owned = Q(**{f"owners__{KEY}": origin}) | (Q(default_origin=origin) & ~Q(owners__has_key=KEY))
    suspended = Suspension.objects.filter(origin=origin).values("user_id")
    here = User.objects.persons().filter(owned, state__in=(UserState.ACTIVE, UserState.STAGED))
    return here.exclude(employee_number_key="").exclude(pk__in=suspended)


def _missing(origin: str, keys: KeySet) -> Iterator[StagedRow]:
    people = people_of(origin).order_by("employee_number_key", "pk").values_list("pk", "employee_number")
    for pk, number in people.iterator(chunk_size=CHUNK):
        if fold(number) not in keys:
            difference = {"suspended": [None, origin]}
            yield StagedRow(key=number, object_id=pk, state=RowState.DISABLE, difference=difference)
