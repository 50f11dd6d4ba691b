"""Remote attribute names: flat SCIM paths, as RFC 7644 section 3.10 writes them.

`userName`, `name.givenName`, `emails`, `emails[type eq "work"].value`, `emails[primary eq true].value`,
`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from scim2_models import EnterpriseUser, Group, Path, SCIMException, User
from scim2_models.path import AttrPath, CompareOperator, Comparison, ValuePath

from connectors.spi import Rejected

USER_URN = str(User.__schema__)
GROUP_URN = str(Group.__schema__)
ENTERPRISE_URN = str(EnterpriseUser.__schema__)
CORE_URNS = frozenset({USER_URN.lower(), GROUP_URN.lower()})


class RawComparison(Comparison):
    """A comparison that leaves letters outside ASCII as they are: not every peer decodes JSON's escapes in a filter."""

    def __str__(self) -> str:
        return f"{self.attr_path} {self.op.value} {json.dumps(self.value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which value of a multi-valued attribute is meant: the one of a type, or the primary one."""

    by: str
    value: str | bool

    @property
    def comparison(self) -> Comparison:
        """The selection as the inside of a value path."""
        return RawComparison(AttrPath(self.by), CompareOperator.eq, self.value)


@dataclass(frozen=True, slots=True)
class AttributeName:
    """A parsed remote attribute name.

    Attributes:
        urn: the extension it belongs to, None for the core schema.
        sub: sub-attribute of a complex attribute or of the selected value.
    """

    attribute: str
    sub: str | None = None
    urn: str | None = None
    selection: Selection | None = None

    @property
    def base(self) -> AttrPath:
        """The attribute without sub-attribute and selection."""
        return AttrPath(self.attribute, None, self.urn)

    def __str__(self) -> str:
        if self.selection is None:
            return str(AttrPath(self.attribute, self.sub, self.urn))
        return str(ValuePath(self.base, self.selection.comparison, self.sub))


@lru_cache(maxsize=1024)
def parse_name(text: str) -> AttributeName:
    """Parse a remote attribute name.

    Raises:
        Rejected: it is not one of the forms above.
    """
    try:
        node = Path(text).ast
    except (SCIMException, ValueError) as error:
        raise _unusable(text) from error
    match node:
        case AttrPath(attr, sub, uri):
            return AttributeName(attr, sub, _extension(uri))
        case ValuePath(
            AttrPath(attr, None, uri), Comparison(AttrPath(by, None, None), CompareOperator.eq, value), str(sub)
        ):
            if (by == "type" and isinstance(value, str)) or (by == "primary" and value is True):
                return AttributeName(attr, sub, _extension(uri), Selection(by, value))
    raise _unusable(text)


def is_attribute_name(name: object, urn: str | None = None) -> bool:
    """Whether a peer's name for an attribute (of the extension `urn`) can stand in a path (RFC 7643 section 2.1)."""
    try:
        return isinstance(name, str) and bool(AttrPath(name, None, urn))
    except ValueError:
        return False


def _extension(urn: str | None) -> str | None:
    return None if urn is None or urn.lower() in CORE_URNS else urn


def _unusable(text: str) -> Rejected:
    return Rejected(f"{text!r} is not an attribute name this connector can use.", facts={"attribute": text})
