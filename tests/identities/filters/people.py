"""People as hypothesis makes them: with accents, capitals, blanks, empty texts, missing and several values."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from identities.models import Group, Membership, MultiValue, OrgUnit, User
from identities.queries.document import load_documents

ORIGIN = "admin"
NOW = datetime(2026, 5, 13, 4, 42, 34, 123456, tzinfo=UTC)

# Few and close to one another, so that filters hit: case pairs, composed and decomposed, longer when folded.
WORDS = [
    "",
    " ",
    "a",
    "A",
    "ab",
    "Ab ",
    "É",
    "E\u0301",
    "é",
    "İ",
    "i\u0307",
    "ß",
    "\u212a",
    "k",
    "%",
    "_",
    '"\\',
    "Σ",
    "ς",
    "日",
    "😀",
    "\uffff",
]
words = (
    st.sampled_from(WORDS)
    | st.sampled_from(WORDS)
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=4)
)
numbers = st.integers(-5, 5) | st.sampled_from([0.5, -1.5, 2**40])
custom_values = st.none() | words | st.booleans() | numbers | st.lists(words | numbers | st.booleans(), max_size=3)
moments = st.sampled_from([NOW, NOW + timedelta(microseconds=1), NOW - timedelta(days=3)])
days = st.none() | st.sampled_from([date(2026, 5, 13), date(2026, 1, 1), date(1999, 12, 31)])
COLUMNS = ("given_name", "display_name", "department", "title", "profile_url")


@dataclass
class Value:
    """One entry of a multi-valued attribute."""

    attribute: str
    value: str
    type: str
    display: str
    primary: bool
    locality: str


@dataclass
class Person:
    """What is stored of one person."""

    texts: dict[str, str]
    custom: dict[str, Any]
    active: bool
    created: datetime
    start: date | None
    manager: int | None
    org_unit: bool
    groups: set[int]
    values: list[Value] = field(default_factory=list)


values = st.builds(
    Value,
    attribute=st.sampled_from(["emails", "phoneNumbers", "photos", "addresses"]),
    value=words,
    type=st.sampled_from(["", "work", "Work", "home"]) | words,
    display=words,
    primary=st.booleans(),
    locality=words,
)
persons = st.builds(
    Person,
    texts=st.fixed_dictionaries(dict.fromkeys(COLUMNS, words)),
    custom=st.dictionaries(st.sampled_from(["badge", "tags"]), custom_values, max_size=2),
    active=st.booleans(),
    created=moments,
    start=days,
    manager=st.none() | st.integers(0, 3),
    org_unit=st.booleans(),
    groups=st.sets(st.integers(0, 1)),
    values=st.lists(values, max_size=4),
)


def store(people: list[Person]) -> dict[uuid.UUID, dict[str, Any]]:
    """Write the people to the database and return each one's document."""
    unit = OrgUnit(name="Süd", code="S-1", origin=ORIGIN, created_at=NOW, modified_at=NOW)
    unit.save()
    groups = [Group(display_name=name, default_origin=ORIGIN, created_at=NOW, modified_at=NOW) for name in ("Éa", "b")]
    Group.objects.bulk_create(groups)
    users = [_user(person, number, unit) for number, person in enumerate(people)]
    for user, person in zip(users, people, strict=True):
        user.manager = users[person.manager] if person.manager is not None and person.manager < len(users) else None
    User.objects.bulk_create(users)
    rows = [_rows(user, person) for user, person in zip(users, people, strict=True)]
    MultiValue.objects.bulk_create([row for own in rows for row in own])
    Membership.objects.bulk_create(
        Membership(group=groups[number], user=user, created_at=NOW)
        for user, person in zip(users, people, strict=True)
        for number in sorted(person.groups)
    )
    return load_documents([user.pk for user in users])


def _user(person: Person, number: int, unit: OrgUnit) -> User:
    return User(
        user_name=f"User{number}",
        default_origin=ORIGIN,
        custom=person.custom,
        active=person.active,
        created_at=person.created,
        modified_at=person.created,
        start_date=person.start,
        org_unit=unit if person.org_unit else None,
        **person.texts,
    )


def _rows(user: User, person: Person) -> list[MultiValue]:
    rows: list[MultiValue] = []
    for position, value in enumerate(person.values):
        address = value.attribute == "addresses"
        rows.append(
            MultiValue(
                user=user,
                attribute=value.attribute,
                value="" if address else value.value,
                type=value.type,
                display="" if address else value.display,
                primary=value.primary and not any(row.primary and row.attribute == value.attribute for row in rows),
                data={"locality": value.locality} if address else {},
                origin=ORIGIN,
                position=position,
            )
        )
    return rows
