"""Handing the lifecycle of people to another origin: part of an adoption."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identities.actions.row_writing import update_rows
from identities.actions.user_changes import lock_users, present, value_of
from identities.models import MultiValue, User
from identities.rules.attributes import PRIMARY_SUFFIX, SINGLE_VALUED
from identities.rules.ownership import is_empty

Differences = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Handover:
    """The lifecycles of some people on their way to one origin; only who is taken changes hands."""

    origin: str
    people: dict[UUID, User]
    primaries: dict[UUID, list[str]]
    taken: list[User] = field(default_factory=list)

    @classmethod
    def of(cls, people: Collection[UUID], origin: str) -> "Handover":
        """Of these people, whose rows are locked."""
        found = lock_users(people)
        primaries: dict[UUID, list[str]] = {user: [] for user in found}
        rows = MultiValue.objects.filter(user__in=found, primary=True).order_by("pk")
        for user, attribute in rows.values_list("user_id", "attribute"):
            primaries[user].append(f"{attribute}{PRIMARY_SUFFIX}")
        return cls(origin, found, primaries)

    def take(self, pk: UUID) -> Differences:
        """Take one over (raises NotFound, code `user_not_found`). Every value keeps its owner, named in `owners`.

        Returns:
            What is to be told; nothing if the person was this origin's already.
        """
        user = present(self.people, pk)
        before = user.default_origin
        if before == self.origin:
            return {}
        attributes = (*SINGLE_VALUED, *(f"custom.{name}" for name in user.custom))
        inherited = [name for name in attributes if not is_empty(value_of(user, name))] + self.primaries[pk]
        user.owners = {**dict.fromkeys(inherited, before), **user.owners}
        user.default_origin = self.origin
        self.taken.append(user)
        return {"default_origin": (before, self.origin)}

    def write(self) -> None:
        """Write those who were taken, in one UPDATE."""
        update_rows(self.taken, {"owners", "default_origin"})
