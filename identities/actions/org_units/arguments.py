"""What the actions on org units take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from identities.models import OrgUnit, User


@dataclass(frozen=True, slots=True)
class NewOrgUnit:
    """One org unit to be created below a unit that exists. Without a code, its name is its key in the outside world."""

    name: str
    code: str = ""
    parent: OrgUnit | UUID | None = None
    manager: User | UUID | None = None


@dataclass(frozen=True, slots=True)
class OrgUnitUpdate:
    """Changes of one org unit: `name`, `code`, `manager`. What is not named stays."""

    unit: OrgUnit | UUID
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OrgUnitMove:
    """One org unit to be put below another one; None: at the top."""

    unit: OrgUnit | UUID
    parent: OrgUnit | UUID | None
