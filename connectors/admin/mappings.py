"""The mappings of a system, with a result for a named person, group or org unit, as a section of the system's pages."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Case, Q, QuerySet, When
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from connectors.actions import mappings
from connectors.models import ConnectedSystem
from identities.admin.action_admin import actor_of
from identities.admin.sections import Section, sections
from identities.admin.words import choices_in_words, in_words
from identities.canonical import fold
from identities.errors import IdentityError
from identities.mapping import MappingRow, RowResult, apply_rows
from identities.models import Group, OrgUnit, User
from identities.queries.document import load_documents, load_group_documents, load_org_unit_documents
from identities.vocabulary import MappingApply, MappingKind, ObjectType

EMPTY_ROWS: Final = 2
Result = tuple[str, list[tuple[RowResult, str]]]
"""What is named, in a word, and what each row gives for it, with the outcome in words."""
_LOADERS: Final[dict[ObjectType, Callable[[Collection[UUID]], dict[UUID, dict[str, Any]]]]] = {
    ObjectType.USER: load_documents,
    ObjectType.GROUP: load_group_documents,
    ObjectType.ORG_UNIT: load_org_unit_documents,
}


class MappingForm(forms.Form):
    """One row."""

    object_type = forms.ChoiceField(
        label=gettext_lazy("Object"), choices=lambda: choices_in_words(ObjectType), widget=UnfoldAdminSelectWidget()
    )
    attribute = forms.CharField(
        label=gettext_lazy("Remote attribute"),
        max_length=255,
        widget=UnfoldAdminTextInputWidget(attrs={"list": "remote-attributes"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=lambda: choices_in_words(MappingKind), widget=UnfoldAdminSelectWidget()
    )
    source = forms.CharField(
        label=gettext_lazy("Source"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 1})
    )
    apply = forms.ChoiceField(
        label=gettext_lazy("Apply"), choices=lambda: choices_in_words(MappingApply), widget=UnfoldAdminSelectWidget()
    )
    clear_when_null = forms.BooleanField(
        label=gettext_lazy("Clear when null"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def has_changed(self) -> bool:
        """Whether there is anything to take: of an empty row a browser sends the first choice of every list all the
        same.
        """
        return bool({"attribute", "source"} & set(self.changed_data)) if self.empty_permitted else super().has_changed()

    def row(self) -> MappingRow:
        """The row as the action takes it."""
        cleaned = self.cleaned_data
        return MappingRow(
            attribute=cleaned["attribute"],
            kind=MappingKind(cleaned["kind"]),
            source=cleaned["source"],
            apply=MappingApply(cleaned["apply"]),
            clear_when_null=cleaned["clear_when_null"],
        )


MappingFormSet = forms.formset_factory(MappingForm, extra=EMPTY_ROWS, can_delete=True)


def _stored(system: ConnectedSystem) -> list[dict[str, Any]]:
    names = ("object_type", "attribute", "kind", "source", "apply", "clear_when_null")
    return list(system.mappings.order_by("-object_type", "position", "id").values(*names))


def mapping_page(request: HttpRequest, system: Any) -> SafeString:
    """Show the rows with their results; on POST try them or save them."""
    person = request.POST.get("person") or request.GET.get("person", "")
    may_change = request.user.has_perm("connectors.change_connectedsystem")  # type: ignore[union-attr]
    formset = MappingFormSet(request.POST if request.method == "POST" else None, initial=_stored(system))
    if formset.is_bound and formset.is_valid() and "save" in request.POST and may_change:
        formset = _save(request, system, formset)
    context = {
        "system": system,
        "formset": formset,
        "person": person,
        "may_change": may_change,
        "results": _results(request, formset, person),
        "remote_attributes": _remote_attributes(system),
    }
    return render_to_string("admin/connectors/mappings.html", context, request)


def _chosen(formset: Any) -> list[tuple[ObjectType, MappingRow]]:
    """The rows that stay, as they stand on the page."""
    if not formset.is_bound:
        names = ("attribute", "kind", "source", "apply", "clear_when_null")
        return [(ObjectType(row["object_type"]), MappingRow(**{n: row[n] for n in names})) for row in formset.initial]
    return [
        (ObjectType(form.cleaned_data["object_type"]), form.row())
        for form in formset.forms
        if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")
    ]


def _save(request: HttpRequest, system: ConnectedSystem, formset: Any) -> Any:
    rows = _chosen(formset)
    try:
        for object_type in ObjectType:
            own = [row for kind, row in rows if kind == object_type]
            mappings.set_mappings(system, object_type, own, actor=actor_of(request))
    except IdentityError as refusal:
        messages.error(request, refusal.message)
        return formset
    messages.success(request, _("The mappings are saved. Push the system so that everybody gets them."))
    return MappingFormSet(initial=_stored(system))


def _results(request: HttpRequest, formset: Any, name: str) -> list[Result]:
    """What each row gives for whatever has this name; nothing without a name."""
    if not name or (formset.is_bound and not formset.is_valid()):
        return []
    found = _named(name)
    if not found:
        messages.warning(request, _("Nobody is called %(name)s.") % {"name": name})
    chosen = _chosen(formset)
    return [_result(kind, object_id, [row for its, row in chosen if its == kind]) for kind, object_id in found.items()]


def _result(kind: ObjectType, object_id: UUID, rows: Sequence[MappingRow]) -> Result:
    document = _LOADERS[kind]([object_id])[object_id]
    mapped = apply_rows(rows, {kind.value: document}, creating=True, subject=kind.value)
    return in_words(kind), [(result, in_words(result.outcome)) for result in mapped.explained]


def _named(name: str) -> dict[ObjectType, UUID]:
    """The person with this user name, the group with this name, and the org unit with this code, or else this name."""
    key = fold(name)
    units = OrgUnit.objects.without_tree_fields().filter(Q(code_key=key) | Q(name_key=key), deleted_at=None)
    candidates: dict[ObjectType, QuerySet[Any]] = {
        ObjectType.USER: User.objects.persons().filter(user_name_key=key),
        ObjectType.GROUP: Group.objects.filter(display_name_key=key),
        ObjectType.ORG_UNIT: units.order_by(Case(When(code_key=key, then=0), default=1), "pk"),
    }
    found = {kind: rows.values_list("pk", flat=True).first() for kind, rows in candidates.items()}
    return {kind: pk for kind, pk in found.items() if pk is not None}


def _remote_attributes(system: ConnectedSystem) -> list[str]:
    """Names of attributes the system was found to have."""
    objects = (system.remote_schema or {}).get("objects", {})
    return sorted({name for each in objects.values() for name in each.get("attributes", {})})


sections.register(
    "connectors.ConnectedSystem",
    Section("mappings", gettext_lazy("Mappings"), "connectors.view_systemmapping", mapping_page),
)
