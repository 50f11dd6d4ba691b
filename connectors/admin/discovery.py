"""What a discovery proposes, beside what is set, to be ticked and taken over."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from connectors import registry
from connectors.actions.discoveries import take_over_discovery
from connectors.admin.configuration_form import option_labels
from connectors.models import ConnectedSystem
from connectors.spi import Discovery
from identities.admin.action_admin import actor_of
from identities.admin.words import in_words
from identities.canonical import fold
from identities.errors import RuleViolation
from identities.vocabulary import ObjectType

SETTING, MAPPING = "setting", "mapping"


def offered(system: ConnectedSystem, discovery: Discovery) -> dict[str, list[dict[str, Any]]]:
    """Proposals that differ from what is set, suggested mappings of what is not mapped yet, and choices in words."""
    return {
        "settings": list(_settings(system, discovery)),
        "mappings": list(_mappings(system, discovery)),
        "choices": [
            {"title": _title(system, name), "values": _labelled(system, name, values)}
            for name, values in discovery.choices.items()
            if values
        ],
    }


def take_over(request: HttpRequest, system: ConnectedSystem) -> str:
    """Take over what was ticked (raises as `take_over_discovery`)."""
    proposals = dict(_sent(request, SETTING))
    suggested: dict[ObjectType, dict[str, str]] = {each: {} for each in ObjectType}
    for (object_type, attribute), expression in _sent(request, MAPPING):
        suggested[ObjectType(object_type)][attribute] = str(expression)
    changed = take_over_discovery(system, actor=actor_of(request), proposals=proposals, mappings=suggested)
    return _("%(number)d settings and mappings were taken over. Test the system, then look at the preview.") % {
        "number": len(changed)
    }


def _sent(request: HttpRequest, name: str) -> Iterator[tuple[Any, Any]]:
    for text in request.POST.getlist(name):
        try:
            key, value = json.loads(text)
        except ValueError as error:
            raise RuleViolation("unreadable_choice", _("Discover again: what was sent cannot be read.")) from error
        yield key, value


def _settings(system: ConnectedSystem, discovery: Discovery) -> Iterator[dict[str, Any]]:
    fields = _fields(system)
    for name, value in discovery.proposals.items():
        plain = list(value) if isinstance(value, list | tuple | set | frozenset) else value
        default = fields[name].get_default(call_default_factory=True) if name in fields else None
        now = system.configuration.get(name, default)
        if _text(now) != _text(plain):
            yield {
                "title": _title(system, name),
                "now": _text(*_labelled(system, name, [now])),
                "proposed": _text(*_labelled(system, name, [plain])),
                "sent": json.dumps([name, plain]),
            }


def _mappings(system: ConnectedSystem, discovery: Discovery) -> Iterator[dict[str, Any]]:
    mapped = {(kind, fold(name)) for kind, name in system.mappings.values_list("object_type", "attribute")}
    for object_class, suggested in discovery.suggested_mappings.items():
        for attribute, expression in suggested.items():
            if (object_class.value, fold(attribute)) not in mapped:
                yield {
                    "object": in_words(object_class.value),
                    "attribute": attribute,
                    "expression": expression,
                    "sent": json.dumps([[object_class.value, attribute], expression]),
                }


def _fields(system: ConnectedSystem) -> dict[str, Any]:
    connector_class = registry.connector(system.connector).connector_class
    return connector_class.configuration_class.described() if connector_class else {}


def _labelled(system: ConnectedSystem, name: str, values: Iterable[Any]) -> list[Any]:
    """The values as the form calls them."""
    field = _fields(system).get(name)
    labels = option_labels(field) if field else {}
    return [labels.get(str(value), value) for value in values]


def _title(system: ConnectedSystem, name: str) -> str:
    """The field as the form calls it, with its heading where several are called the same."""
    field = _fields(system).get(name)
    extra = field.json_schema_extra if field and isinstance(field.json_schema_extra, dict) else {}
    title = str(field.title or name) if field else name
    return f"{extra['group']}: {title}" if extra.get("group") else title


def _text(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None or str(value).startswith("PydanticUndefined") else str(value)
