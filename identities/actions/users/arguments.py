"""What the actions on users take and give back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from identities.models import User
from identities.vocabulary import Role, UserKind, UserState

# What to do with a value that belongs to an origin ranking above the actor's: leave it and say so, or refuse the
# whole change.
Mode = Literal["skip", "refuse"]
MultiValues = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class UserAttributes:
    """The values of a new user.

    Attributes:
        values: our attribute names (`user_name`, `given_name`, `custom.<name>`, `manager`, `org_unit`, `start_date`,
            ...) to values;
            references are ids or objects.
        multi_values: SCIM names (`emails`, `phoneNumbers`, ...) to rows of `value`, `type`, `display`, `primary` and
            `data`.
    """

    values: Mapping[str, Any]
    multi_values: MultiValues = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperatorAccess:
    """How a new operator signs in: a password that is hashed already, and a role."""

    password_hash: str
    must_change_password: bool
    role: Role


@dataclass(frozen=True, slots=True)
class NewUser:
    """One user to be created. Without `state`, the dates decide; without `default_origin`, the actor's is taken."""

    attributes: UserAttributes
    kind: UserKind = UserKind.PERSON
    default_origin: str | None = None
    state: UserState | None = None
    suspended: bool = False
    access: OperatorAccess | None = None


@dataclass(frozen=True, slots=True)
class UserUpdate:
    """Changes of one user: names as in `UserAttributes`.

    A multi-valued attribute that is named is given whole; absent ones stay as they are.
    """

    user: User | UUID
    changes: Mapping[str, Any] = field(default_factory=dict)
    multi_values: MultiValues = field(default_factory=dict)
    mode: Mode = "skip"
    if_version: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What an update did: the user as it now stands, the names that changed, and those kept because others own them."""

    user: User
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
