"""The rows of a multi-valued attribute: what they may hold, and what becomes of them when somebody writes the
attribute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from identities.canonical import canonical_json, fold
from identities.errors import RuleViolation
from identities.rules.attributes import VALUE_LENGTHS, check_multi_valued
from identities.rules.naming import check_text
from identities.rules.ownership import DEFAULT_ORDER, Order, may_write
from identities.rules.values import wrong_type

ROWS_PER_ATTRIBUTE: Final = 200
TYPE_LENGTH: Final = 60
DISPLAY_LENGTH: Final = 255
PART_LENGTH: Final = 1024
_KNOWN: Final = frozenset({"value", "type", "display", "primary", "data"})


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a multi-valued attribute. `origin` is empty for a wanted row that nobody has written yet."""

    value: str = ""
    type: str = ""
    display: str = ""
    primary: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""
    key: int | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it the same row: its folded value (for an address, its parts) and its type."""
        return (fold(self.value) or canonical_json(dict(self.data)).decode(), fold(self.type))

    def says_the_same(self, other: "Row") -> bool:
        """Whether two rows say the same, whoever wrote them and whichever is primary."""
        return (self.value, self.type, self.display, dict(self.data)) == (
            other.value,
            other.type,
            other.display,
            dict(other.data),
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """All the values somebody wants an attribute to have.

    `speaks_of_primary`: they also say which one is primary, or that none is.
    """

    rows: tuple[Row, ...]
    speaks_of_primary: bool


@dataclass(frozen=True, slots=True)
class Merge:
    """What the rows of one attribute become.

    Attributes:
        rows: the rows afterwards, in order; `key` is None for new ones.
        kept: `<attribute>`, `<attribute>.primary`: what was not done because others own it, with the owner (of several
            the first).
        primary_written: the writer decided which value is primary.
    """

    rows: tuple[Row, ...]
    kept: Mapping[str, str] = field(default_factory=dict)
    primary_written: bool = False


def clean_rows(attribute: str, rows: Sequence[Mapping[str, Any]]) -> Wanted:
    """The wanted rows of an attribute, checked; those of one value and type (RFC 7643 section 2.4) as one.

    Raises:
        RuleViolation: unknown attribute, more than one primary (RFC 7643 section 2.4), or a part that is not allowed.
    """
    check_multi_valued(attribute)
    if len(rows) > ROWS_PER_ATTRIBUTE:
        raise RuleViolation("too_many", f"{attribute} has more than {ROWS_PER_ATTRIBUTE} values.", field=attribute)
    cleaned: dict[tuple[str, str], Row] = {}
    for row in rows:
        clean = _clean_row(attribute, row)
        same = cleaned.get(clean.identity)
        cleaned[clean.identity] = _as_one(same, clean) if same else clean
    if sum(row.primary for row in cleaned.values()) > 1:
        raise RuleViolation("invalid_value", f"Only one value of {attribute} can be primary.", field=attribute)
    return Wanted(tuple(cleaned.values()), any(row.get("primary") is not None for row in rows))


def merge_rows(
    attribute: str,
    current: Sequence[Row],
    wanted: Wanted,
    *,
    origin: str,
    primary_owner: str | None,
    order: Order = DEFAULT_ORDER,
    override: bool = False,
) -> Merge:
    """What the rows become when `origin` says that `wanted` are all the values there are.

    Rows of origins that rank above stay as they are. A row of another origin that is not wanted stays too: not naming
    it is no order to remove it. `primary_owner` is who owns the choice of the primary value. Whoever overrides writes
    and removes all rows, whosever they are.
    """

    def may(owner: str | None) -> bool:
        return override or may_write(origin, owner, order)

    rows: list[Row] = []
    kept: dict[str, str] = {}
    left = list(current)
    for wish in wanted.rows:
        match = _match(wish, left)
        if match is None:
            rows.append(replace(wish, origin=origin, key=None))
            continue
        left.remove(match)
        if match.says_the_same(wish):
            rows.append(match)
        elif may(match.origin):
            rows.append(replace(wish, origin=origin, key=match.key, primary=match.primary))
        else:
            rows.append(match)
            kept.setdefault(attribute, match.origin)
    staying = [] if override else [row for row in left if row.origin != origin]
    if staying:
        kept.setdefault(attribute, staying[0].origin)
    refused_by = None if may(primary_owner) else primary_owner
    return _choose_primary(attribute, [*rows, *staying], wanted, kept, refused_by)


def _as_one(first: Row, second: Row) -> Row:
    """The first, with what the second says of the value; either can be primary."""
    return replace(first, display=second.display or first.display, primary=first.primary or second.primary)


def _choose_primary(
    attribute: str, rows: list[Row], wanted: Wanted, kept: Mapping[str, str], refused_by: str | None
) -> Merge:
    wish = next((row.identity for row in wanted.rows if row.primary), None)
    now = next((row.identity for row in rows if row.primary and row.key is not None), None)
    written = False
    chosen = now
    if wish != now and wanted.speaks_of_primary:
        if now is None or refused_by is None:
            chosen, written = wish, True
        else:
            kept = {**kept, f"{attribute}.primary": refused_by}
    decided = tuple(replace(row, primary=row.identity == chosen) for row in rows)
    return Merge(decided, kept, written)


def _match(wish: Row, rows: Sequence[Row]) -> Row | None:
    """The present row that a wish is about: the same value and type, or else the same value."""
    same_value = [row for row in rows if row.identity[0] == wish.identity[0]]
    return next((row for row in same_value if row.identity == wish.identity), same_value[0] if same_value else None)


def _clean_row(attribute: str, row: Mapping[str, Any]) -> Row:
    unknown = set(row) - _KNOWN
    if unknown:
        raise RuleViolation("unknown_attribute", f"{attribute} has no part {min(unknown)}.", field=attribute)
    value = _text(attribute, row, "value", VALUE_LENGTHS[attribute])
    data = {name: _part(attribute, name, part) for name, part in (row.get("data") or {}).items() if part != ""}
    if not value.strip() and not data:
        raise RuleViolation("required", f"A value of {attribute} is empty.", field=attribute)
    if attribute == "emails":
        check_email(value)
    return Row(
        value=value,
        type=_text(attribute, row, "type", TYPE_LENGTH),
        display=_text(attribute, row, "display", DISPLAY_LENGTH),
        primary=_flag(attribute, row.get("primary")),
        data={name: part for name, part in data.items() if part is not None},
    )


def check_email(value: str) -> None:
    """Refuse what is certainly no e-mail address (raises RuleViolation).

    Lenient: addresses are data here, nobody signs in by them.
    """
    local, at, domain = value.rpartition("@")
    if not (at and local and domain) or any(character.isspace() for character in value):
        raise RuleViolation("invalid_value", "This is not an e-mail address.", field="emails", value=value)


def _text(attribute: str, row: Mapping[str, Any], part: str, length: int) -> str:
    text = row.get(part)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise wrong_type(f"{attribute}.{part}", "a text")
    several_lines = part == "value" and attribute in ("addresses", "x509Certificates", "photos")
    return check_text(f"{attribute}.{part}", text, length, several_lines=several_lines)


def _part(attribute: str, name: str, part: Any) -> Any:
    if isinstance(part, str):
        return check_text(f"{attribute}.{name}", part, PART_LENGTH, several_lines=True)
    if part is None or isinstance(part, (bool, int, float)):
        return part
    raise wrong_type(f"{attribute}.{name}", "a text")


def _flag(attribute: str, flag: Any) -> bool:
    if flag is None:
        return False
    if not isinstance(flag, bool):
        raise wrong_type(f"{attribute}.primary", "true or false")
    return flag
