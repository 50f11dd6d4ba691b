"""What a person sees of their own record: labelled rows, only those with a value."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from identities.models import User

PLAIN_FIELDS = (
    "user_name",
    "given_name",
    "family_name",
    "title",
    "employee_number",
    "department",
    "division",
    "organization",
    "cost_center",
    "user_type",
    "preferred_language",
)
MULTI_VALUED = {
    "emails": gettext_lazy("E-mail addresses"),
    "phoneNumbers": gettext_lazy("Phone numbers"),
    "addresses": gettext_lazy("Addresses"),
}


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One line of the record."""

    label: str
    values: tuple[str, ...]


def record_rows(user: User) -> list[RecordRow]:
    """The rows of `user`'s record that have values, in a fixed order, with a constant number of queries."""
    rows = [*_plain_rows(user), *_multi_valued_rows(user), *_structure_rows(user), *_date_rows(user)]
    return [row for row in rows if any(row.values)]


def _plain_rows(user: User) -> Iterator[RecordRow]:
    for name in PLAIN_FIELDS:
        yield RecordRow(str(User._meta.get_field(name).verbose_name).capitalize(), (getattr(user, name),))


def _multi_valued_rows(user: User) -> Iterator[RecordRow]:
    values = list(user.multi_values.all())
    for attribute, label in MULTI_VALUED.items():
        shown = tuple(value.display or value.value for value in values if value.attribute == attribute)
        yield RecordRow(str(label), shown)


def _structure_rows(user: User) -> Iterator[RecordRow]:
    yield RecordRow(gettext("Org unit"), (user.org_unit.name if user.org_unit else "",))
    manager = user.manager if user.manager and user.manager.deleted_at is None else None
    yield RecordRow(gettext("Manager"), (manager.name_for_people if manager else "",))
    names = user.memberships.filter(group__deleted_at__isnull=True).values_list("group__display_name", flat=True)
    yield RecordRow(gettext("Groups"), tuple(names.order_by("group__display_name_key")))


def _date_rows(user: User) -> Iterator[RecordRow]:
    for label, day in ((gettext("Start date"), user.start_date), (gettext("End date"), user.end_date)):
        yield RecordRow(label, (date_format(day),) if day else ())
