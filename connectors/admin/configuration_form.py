"""A form for any connector's configuration, made from the fields of its typed model. Secrets go in and stay in."""

import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal, Union, get_args, get_origin

from django import forms
from django.utils.translation import gettext as _
from pydantic.fields import FieldInfo
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from connectors.spi import Configuration

PREFIX: Final = "config_"


def configuration_fields(
    configuration_class: type[Configuration],
    stored: Mapping[str, Any],
    *,
    secrets_set: frozenset[str] = frozenset(),
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, forms.Field]:
    """A form field for each configuration field, under `config_<name>`, with what is stored as its initial value.

    Args:
        secrets_set: secrets that have a value; their fields say so and stay empty.
        choices: values a discovery found, offered beside free text.
    """
    fields: dict[str, forms.Field] = {}
    for name, info in configuration_class.described().items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        if extra.get("secret"):
            field = _secret(info, name in secrets_set)
        else:
            field = _field(info, multiline=bool(extra.get("multiline")), found=(choices or {}).get(name, ()))
            field.initial = _shown(stored[name]) if name in stored else _default(info)
        field.label = info.title or name
        field.group = str(extra.get("group") or "")  # type: ignore[attr-defined]
        fields[f"{PREFIX}{name}"] = field
    return fields


def configuration_of(
    configuration_class: type[Configuration], cleaned: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Configuration and newly typed secrets of a validated form, as `connectors.actions.systems` takes them."""
    configuration: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, info in configuration_class.described().items():
        value = cleaned.get(f"{PREFIX}{name}")
        if name in configuration_class.secret_fields():
            if value:
                secrets[name] = value
        elif value not in (None, "") or _is_text(info):
            configuration[name] = _stored(info, value)
    return configuration, secrets


def option_labels(info: FieldInfo) -> dict[str, str]:
    """What people call the options of a field, by value."""
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    return {value: str(label) for value, label in dict(extra.get("options") or {}).items()}  # type: ignore[arg-type]


def groups_of(fields: Mapping[str, forms.Field]) -> list[tuple[str, list[str]]]:
    """The fields under their headings, in the order of the model."""
    groups: dict[str, list[str]] = {}
    for name, field in fields.items():
        groups.setdefault(getattr(field, "group", ""), []).append(name)
    return list(groups.items())


def _secret(info: FieldInfo, is_set: bool) -> forms.Field:
    words = _("Set. Leave empty to keep it.") if is_set else _("Not set.")
    return forms.CharField(
        required=info.is_required() and not is_set,
        strip=False,
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=f"{info.description or ''} {words}".strip(),
    )


def _field(info: FieldInfo, *, multiline: bool, found: tuple[str, ...]) -> forms.Field:
    annotation = _plain(info.annotation)
    shared: dict[str, Any] = {"required": info.is_required(), "help_text": info.description or ""}
    if annotation is bool:
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **{**shared, "required": False})
    if annotation is int:
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **shared)
    options = _options(annotation)
    if options:
        labels = option_labels(info)
        choices = [(option, labels.get(option, option)) for option in options]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget(), **shared)
    if multiline or _is_list(annotation):
        return forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}), **shared)
    if found:
        shared["help_text"] = f"{shared['help_text']} {_('Found: %(found)s') % {'found': ', '.join(found)}}".strip()
    return forms.CharField(widget=UnfoldAdminTextInputWidget(), **shared)


def _plain(annotation: Any) -> Any:
    """The annotation without `| None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return members[0] if len(members) == 1 else str
    return annotation


def _options(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(option) for option in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(option.value) for option in annotation]
    return []


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (tuple, list, set, frozenset)


def _is_text(info: FieldInfo) -> bool:
    return _plain(info.annotation) is str and not info.is_required()


def _default(info: FieldInfo) -> Any:
    return None if info.is_required() else _shown(info.get_default(call_default_factory=True))


def _shown(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset):
        return "\n".join(str(each) for each in value)
    return value.value if isinstance(value, Enum) else value


def _stored(info: FieldInfo, value: Any) -> Any:
    if _is_list(_plain(info.annotation)):
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]
    return value
