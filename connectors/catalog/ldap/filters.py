"""The SPI's filter as an LDAP filter (RFC 4515), every value escaped, every attribute name from the schema."""

from typing import assert_never

from ldap.filter import escape_filter_chars

from connectors.catalog.ldap.schema import PLACE, PSEUDO, DirectorySchema
from connectors.catalog.ldap.values import encoded
from connectors.spi import And, Equals, Filter, Not, ObjectClass, Or, Present, Rejected, Scalar, StartsWith

NOBODY = "(!(objectClass=*))"


def filter_text(condition: Filter, object_class: ObjectClass, schema: DirectorySchema) -> str:
    """The LDAP filter for a condition (raises Rejected: an attribute the directory does not know)."""
    match condition:
        case Equals(attribute, value):
            return f"({_attribute(attribute, object_class, schema)}={escaped(value)})"
        case StartsWith(attribute, prefix):
            start = escaped(prefix)
            return f"({_attribute(attribute, object_class, schema)}={start}*)"
        case Present(attribute):
            return f"({_attribute(attribute, object_class, schema)}=*)"
        case And(parts):
            return "(&{})".format("".join(filter_text(part, object_class, schema) for part in parts))
        case Or(parts):
            return (
                "(|{})".format("".join(filter_text(part, object_class, schema) for part in parts)) if parts else NOBODY
            )
        case Not(part):
            return f"(!{filter_text(part, object_class, schema)})"
    assert_never(condition)


def without_place(condition: Filter | None, top: str) -> tuple[Filter | None, str | None]:
    """A condition parted into what a filter can say, and the container it wants the entries to stand right in.

    Args:
        top: the container of objects that stand in no org unit.
    """
    parts = condition.parts if isinstance(condition, And) else (condition,) if condition else ()
    rest: list[Filter] = []
    place = None
    for part in parts:
        match part:
            case Equals(attribute, value) if attribute == PLACE:
                place = str(value)
            case Not(Present(attribute)) if attribute == PLACE:
                place = top
            case _:
                rest.append(part)
    return (condition, None) if place is None else (And(tuple(rest)) if rest else None, place)


def with_classes(classes: tuple[str, ...], text: str = "") -> str:
    """A filter restricted to entries that have all these object classes."""
    return "(&{}{})".format("".join(f"(objectClass={escaped(name)})" for name in classes), text)


def escaped(value: Scalar) -> str:
    """A value that stands for nothing but itself."""
    raw = encoded(value)
    try:
        return str(escape_filter_chars(raw.decode()))
    except UnicodeDecodeError:
        return "".join(f"\\{byte:02x}" for byte in raw)


def _attribute(attribute: str, object_class: ObjectClass, schema: DirectorySchema) -> str:
    if attribute == "remote_id":
        return "entryUUID"
    if attribute == "reference":
        return "entryDN"
    if attribute in PSEUDO:
        raise Rejected(f"The directory cannot search by {attribute}.")
    return schema.spec(object_class, attribute).name
