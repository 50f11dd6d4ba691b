"""What the values of org units refer to: managers, codes, and the names of siblings, looked up once for a batch."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from identities.canonical import fold
from identities.errors import Conflict, RuleViolation
from identities.models import OrgUnit, User
from identities.rules.naming import keys_of


@dataclass(frozen=True, slots=True)
class Managers:
    """The people among those who are named as managers."""

    people: dict[UUID, User]

    @classmethod
    def among(cls, named: Collection[User | UUID | None]) -> "Managers":
        """Of these, in one statement; none if nobody is named."""
        ids = {_id(each) for each in named if each is not None}
        return cls(User.objects.persons().in_bulk(list(ids)) if ids else {})

    def person(self, named: User | UUID | None) -> User | None:
        """The person who is named (raises RuleViolation `unknown_manager`)."""
        if named is None:
            return None
        found = self.people.get(_id(named))
        if found is None:
            raise RuleViolation("unknown_manager", f"There is no person {_id(named)}.", field="manager")
        return found


@dataclass(frozen=True, slots=True)
class Codes:
    """Which unit has which code, folded: the units there are, and those of the same batch that took one before."""

    holders: dict[str | None, UUID]

    @classmethod
    def holding(cls, codes: Iterable[object]) -> "Codes":
        """Of these codes, in one statement; none if there are no codes."""
        rows = OrgUnit.objects.filter(code_key__in=keys) if (keys := keys_of(codes)) else OrgUnit.objects.none()
        return cls(dict(rows.order_by().values_list("code_key", "pk")))

    def take(self, unit: OrgUnit) -> None:
        """Give the unit its code (raises Conflict `org_unit_code_taken`)."""
        if self.holders.setdefault(fold(unit.code), unit.pk) != unit.pk:
            message = _("The code %(code)s is taken by another org unit.") % {"code": unit.code}
            raise Conflict("org_unit_code_taken", message, field="code", org_unit_code=unit.code)


@dataclass(frozen=True, slots=True)
class SiblingNames:
    """Which unit has which name, folded, below which parent: the units there are, and those of the same batch that took
    a name before. A name that a batch gives up is free once the batch is written.
    """

    holders: dict[tuple[UUID | None, str], UUID]

    @classmethod
    def holding(cls, names: Iterable[object]) -> "SiblingNames":
        """Of these names, below any parent, in one statement; none if there are no names."""
        rows = OrgUnit.objects.filter(name_key__in=keys) if (keys := keys_of(names)) else OrgUnit.objects.none()
        present = rows.filter(deleted_at=None).order_by().values_list("parent_id", "name_key", "pk")
        return cls({(parent, name): pk for parent, name, pk in present})

    def take(self, unit: OrgUnit, parent: UUID | None) -> None:
        """Give the unit its name below this parent (raises Conflict `org_unit_name_taken`)."""
        if self.holders.setdefault((parent, fold(unit.name)), unit.pk) != unit.pk:
            message = _("There is an org unit %(name)s below the same one already.") % {"name": unit.name}
            raise Conflict("org_unit_name_taken", message, field="name", org_unit_name=unit.name)


def _id(person: User | UUID) -> UUID:
    return person.pk if isinstance(person, User) else person
