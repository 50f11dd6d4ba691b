"""Functions on lists, such as e-mail addresses and groups."""

from identities.mapping.functions.registry import function
from identities.mapping.limits import check_length
from identities.mapping.values import is_list, list_of, part_of, same, same_text, text_of


@function("first")
def first(value: object) -> object:
    """The first entry of a list."""
    return next(iter(list_of(value)), None)


@function("last")
def last(value: object) -> object:
    """The last entry of a list."""
    entries = list_of(value)
    return entries[-1] if entries else None


@function("length", accepts_missing=True)
def length(value: object) -> int:
    """How many entries a list has, or characters a text; 0 for nothing."""
    if value is None:
        return 0
    return len(list_of(value)) if is_list(value) else len(text_of(value))


@function("join")
def join(value: object, separator: object = "") -> str:
    """The entries of a list as one text; missing ones are left out."""
    texts, mark = [text_of(each) for each in list_of(value) if each is not None], text_of(separator)
    check_length(sum(map(len, texts)) + len(mark) * len(texts))
    return mark.join(texts)


@function("matching")
def matching(value: object, /, **criteria: object) -> list[object]:
    """The entries that have these values, without regard to case: `user.emails | matching(type='work')`."""
    return [each for each in list_of(value) if all(same_text(part_of(each, n), v) for n, v in criteria.items())]


@function("pluck")
def pluck(value: object, name: object) -> list[object]:
    """One attribute of every entry: `user.groups | pluck('display')`. Missing ones are left out."""
    parts = (part_of(each, text_of(name)) for each in list_of(value))
    return [part for part in parts if part is not None]


@function("unique")
def unique(value: object) -> list[object]:
    """Without repeated entries, texts compared without regard to case; the first one stays."""
    found: dict[object, object] = {}
    for each in list_of(value):
        if is_list(each) or not _is_hashable(each):
            raise ValueError("unique works on lists of plain values")
        key = each.casefold() if isinstance(each, str) else each
        found.setdefault((type(key), key), each)
    return list(found.values())


@function("one_of")
def one_of(value: object, *choices: object) -> bool:
    """Whether the value equals one of the choices, without regard to case: `user.title | one_of('CEO', 'CFO')`."""
    return any(same_text(value, choice) for choice in choices)


@function("map_value", accepts_missing=True)
def map_value(value: object, table: object, default: object = None) -> object:
    """The table's entry for this value, else the default: `user.title | map_value({'CEO': 1}, default=9)`."""
    if not isinstance(table, dict):
        raise ValueError("map_value needs a table, as in {'Sales': 10}")
    found = None if value is None else part_of(table, text_of(value))
    return default if found is None else found


@function("coalesce", accepts_missing=True)
def coalesce(*values: object) -> object:
    """The first value that is neither missing nor empty: `coalesce(user.displayName, user.userName)`."""
    return next((value for value in values if not _is_empty(value)), None)


@function("default", accepts_missing=True)
def default(value: object, replacement: object) -> object:
    """The replacement where the value is missing or empty."""
    return replacement if _is_empty(value) else value


def _is_empty(value: object) -> bool:
    return value is None or same(value, "") or (is_list(value) and not list_of(value))


def _is_hashable(value: object) -> bool:
    return not isinstance(value, dict)
