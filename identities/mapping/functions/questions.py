"""What can be asked with `is`."""

from collections.abc import Callable

from identities.mapping.values import is_list, is_number, list_of, text_of


def _is_empty(value: object) -> bool:
    return value is None or value == "" or (is_list(value) and not list_of(value))


def _starting_with(value: object, prefix: object) -> bool:
    return value is not None and text_of(value).startswith(text_of(prefix))


def _ending_with(value: object, suffix: object) -> bool:
    return value is not None and text_of(value).endswith(text_of(suffix))


def _is_missing(value: object) -> bool:
    return value is None


def _is_defined(value: object) -> bool:
    return value is not None


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_true(value: object) -> bool:
    return value is True


def _is_false(value: object) -> bool:
    return value is False


TESTS: dict[str, Callable[..., object]] = {
    "defined": _is_defined,
    "undefined": _is_missing,
    "none": _is_missing,
    "empty": _is_empty,
    "string": _is_string,
    "number": is_number,
    "true": _is_true,
    "false": _is_false,
    "starting_with": _starting_with,
    "ending_with": _ending_with,
}
