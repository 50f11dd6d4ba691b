"""Numbers, truth values and dates."""

import re
from datetime import date, datetime, time, timedelta

from identities.mapping.functions.registry import function
from identities.mapping.values import is_number, kind_of, text_of, whole_number_of

_TRUE = frozenset({"true", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "no", "n", "off", "0", ""})
_LONGEST_NUMBER = 20
_LONGEST_DATE = 40
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "j": 3}


@function("int")
def to_int(value: object) -> int:
    """A whole number; digits after the point are cut off."""
    if is_number(value) or isinstance(value, bool):
        return int(value)  # type: ignore[call-overload, no-any-return]  # is_number has seen to it
    written = text_of(value).strip()
    if len(written) > _LONGEST_NUMBER or not re.fullmatch(r"[+-]?[0-9]+", written):
        raise ValueError(f"{written[:_LONGEST_NUMBER]!r} is not a whole number")
    return int(written)


@function("bool")
def to_bool(value: object) -> bool:
    """A truth value: true, yes, y, on, 1 or false, no, n, off, 0, in any case."""
    if isinstance(value, bool):
        return value
    written = text_of(value).strip().lower()
    if written in _TRUE or written in _FALSE:
        return written in _TRUE
    raise ValueError(f"{written[:_LONGEST_DATE]!r} is neither true nor false")


@function("date")
def to_date(value: object) -> date:
    """A date from ISO 8601 text."""
    moment = _moment(value)
    return moment.date() if isinstance(moment, datetime) else moment


@function("date_format")
def date_format(value: object, pattern: object) -> str:
    """A date as text, from `%Y %m %d %H %M %S %j %y` and `%%`: `user.custom.hired | date_format('%d.%m.%Y')`."""
    moment = _moment(value)
    parts = _parts(moment)

    def written(match: re.Match[str]) -> str:
        if match[1] not in parts:
            raise ValueError(f"date_format does not know {match[0]!r}")
        return parts[match[1]]

    return _DIRECTIVE.sub(written, text_of(pattern))


@function("add_days")
def add_days(value: object, days: object) -> date:
    """The date so many days later, or earlier if the number is negative."""
    try:
        return _moment(value) + timedelta(days=whole_number_of(days))
    except OverflowError as error:
        raise ValueError("the date is out of range") from error


def _parts(moment: date) -> dict[str, str]:
    clock = moment.time() if isinstance(moment, datetime) else time.min
    numbers = {
        "Y": moment.year,
        "m": moment.month,
        "d": moment.day,
        "H": clock.hour,
        "M": clock.minute,
        "S": clock.second,
        "j": moment.timetuple().tm_yday,
    }
    written = {mark: f"{number:0{_WIDTHS[mark]}d}" for mark, number in numbers.items()}
    return {**written, "y": written["Y"][2:], "%": "%"}


def _moment(value: object) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise ValueError(f"a date is needed here, not {kind_of(value)}")
    written = value.strip()
    try:
        if len(written) > _LONGEST_DATE:
            raise ValueError
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f"{written[:_LONGEST_DATE]!r} is not a date") from None
    return moment if "T" in written or " " in written else moment.date()
