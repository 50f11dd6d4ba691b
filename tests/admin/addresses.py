"""Every address of the admin, made from the URLconf: a page that is added later is in it, or the tests say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import admin
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from identities.admin.sections import sections
from identities.vocabulary import ObjectType

# What has no page of its own: an address that redirects, leads out, gives a file, or catches what nothing else does.
WITHOUT_PAGE: Final = frozenset(
    {"login", "logout", "password_change_done", "view_on_site", "app_list", "connectors_run_result", None}
)
LISTS: Final = {
    "identities_user": (
        "q=ada",
        'q=title co "x"',
        "q=title eq",
        "state__exact=active",
        "active__exact=0",
        "deleted=yes",
        "o=1",
        "p=2",
        "all=",
    ),
    "identities_group": ("q=group", "deleted=yes", "o=1"),
    "identities_orgunit": ("q=sales", "q=nothing", "below=nothing", "p=2"),
    "identities_auditentry": ("q=paula", "verb=user.changed", "channel=admin", "o=1"),
    "identities_apiclient": ("q=entra", "profile__exact=entra", "enabled__exact=1"),
    "identities_clientrequest": (
        "q=Users",
        "q=paula",
        "q=00000000-0000-0000-0000-000000000000",
        "outcome=refused",
        "outcome=coerced",
        "outcome=plain",
        "answered=4",
        "method=PATCH",
        "client__id__exact=00000000-0000-0000-0000-000000000000",
        "p=2",
    ),
    "connectors_operation": ("q=paula", "state__exact=held", "error_class=", "lane__exact=1"),
    "connectors_link": ("q=paula", "state__exact=linked", "adopted__exact=0"),
    "connectors_run": ("kind__exact=import", "state__exact=planned"),
    "connectors_connectedsystem": ("q=system",),
    "connectors_importprofile": ("q=hr", "o=6"),
}
SECOND_PAGES: Final = ("history", "members", "groups", "rows", "requests")


def admin_patterns() -> list[str | None]:
    """The names of all the admin's addresses."""
    return [pattern.name for pattern in _walk(_admin_resolver().url_patterns)]


def _admin_resolver() -> URLResolver:
    found = [each for each in get_resolver().url_patterns if getattr(each, "namespace", None) == "admin"]
    assert len(found) == 1
    return found[0]  # type: ignore[return-value]


def _walk(patterns: list[Any]) -> Iterator[URLPattern]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns)
        else:
            yield each


def pages(objects: dict[str, str]) -> dict[str, str]:
    """Every page by a name for people; `objects` has the id of one object by `app_model`.

    Raises:
        KeyError: there is a page about something `objects` does not have.
    """
    found: dict[str, str] = {}
    for name in admin_patterns():
        if name not in WITHOUT_PAGE:
            found |= _addresses(str(name), objects)
    return found


def _addresses(name: str, objects: dict[str, str]) -> dict[str, str]:
    model, _sep, page = name.rpartition("_")
    if name in ("index", "jsi18n", "password_change", "scim_console"):
        return {name: reverse(f"admin:{name}")}
    if name == "search":
        return {name: f"{reverse('admin:search')}?s=people"}
    if name == "autocomplete":
        return _autocompletions()
    if page in ("changelist", "add"):
        address = reverse(f"admin:{name}")
        queries = (*LISTS.get(model, ()),) if page == "changelist" else _connectors(model)
        return {name: address, **{f"{name}?{query}": f"{address}?{query}" for query in queries}}
    if page in ("explain", "trace", "provision"):
        return _explained(name, objects)
    return _of_object(name, model, page, objects[model])


def _connectors(model: str) -> tuple[str, ...]:
    return (
        tuple(f"connector={kind}" for kind in ("sql", "scim", "ldap")) if model == "connectors_connectedsystem" else ()
    )


def _autocompletions() -> dict[str, str]:
    fields = (("user", "manager"), ("user", "org_unit"), ("orgunit", "parent"), ("orgunit", "manager"))
    found = {f"{model}.{name}": f"app_label=identities&model_name={model}&field_name={name}" for model, name in fields}
    for name in ("scope_groups", "scope_org_units"):
        found[name] = f"app_label=connectors&model_name=connectedsystem&field_name={name}"
    return {f"autocomplete {name}": f"{reverse('admin:autocomplete')}?term=a&{q}" for name, q in found.items()}


def _explained(name: str, objects: dict[str, str]) -> dict[str, str]:
    """Pages about a person or group on a system; the operation to trace is the person's."""
    about = {
        kind: reverse(
            f"admin:{name}",
            args=[objects["connectors_connectedsystem"], kind, objects[f"identities_{kind.replace('_', '')}"]],
        )
        for kind in ObjectType
    }
    if name.endswith("_trace"):
        return {f"{name} user": f"{about[ObjectType.USER]}?operation={objects['connectors_operation']}"}
    return {f"{name} {kind}": address for kind, address in about.items()}


def _of_object(name: str, model: str, page: str, pk: str) -> dict[str, str]:
    model_admin = _admin_of(model)
    if page == "section":
        keys = [section.key for section in sections.of(model_admin.model)]
        found = {f"{name} {key}": reverse(f"admin:{name}", args=[pk, key]) for key in keys}
        later = {f"{each} page 2": f"{found[each]}?page=2" for each in found if each.endswith(SECOND_PAGES)}
        return {**found, **later}
    if page == "do":
        actions = getattr(model_admin, "object_actions", ())
        return {f"{name} {each.key}": reverse(f"admin:{name}", args=[pk, each.key]) for each in actions}
    if page == "override":
        names = ("user_name", "manager", "org_unit", "start_date", "custom.badge")
        return {f"{name} {each}": reverse(f"admin:{name}", args=[pk, each]) for each in names}
    return {name: reverse(f"admin:{name}", args=[pk])}


def _admin_of(model: str) -> Any:
    label = model.replace("_", ".")
    return next(each for key, each in admin.site._registry.items() if key._meta.label_lower == label)
