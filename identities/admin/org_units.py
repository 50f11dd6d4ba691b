"""The org structure as a tree."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from identities.actions import org_units
from identities.actions.batches import all_of
from identities.admin.action_admin import ActionModelAdmin, actor_of
from identities.models import OrgUnit

# By name and not left to the query: what Django takes for unordered it does not like to cut into pages.
TREE_ORDER = "tree_ordering"


class TreeChangeList(ChangeList):
    """A list in the order of the tree, siblings by name, which Django would undo by the primary key."""

    def get_ordering(self, request: HttpRequest, queryset: "QuerySet[OrgUnit]") -> list[str]:
        """The tree's own."""
        return [TREE_ORDER]


@admin.register(OrgUnit)
class OrgUnitAdmin(ActionModelAdmin):
    """Units in the order of the tree, indented by depth, with how many people stand in each."""

    list_display = ("indented_name", "code", "manager", "people_count")
    list_select_related = ("manager",)
    search_fields = ("name_key", "code_key")
    fields = ("name", "code", "parent", "manager")
    autocomplete_fields = ("parent", "manager")
    ordering = ("name_key", "id")
    empty_words = _("Org units form the tree that people stand in. They come by an import or are added here by hand.")
    deletion_words = _("Only a unit without people and without units below it can be deleted.")
    sortable_by = ()
    list_per_page = 200
    list_max_show_all = 200

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrgUnit]":
        """Present units in tree order, with the number of people directly in them."""
        persons = Q(people__deleted_at__isnull=True, people__kind="person")
        tree = OrgUnit.objects.with_tree_fields().filter(deleted_at__isnull=True).order_by(TREE_ORDER)
        return tree.annotate(people_in_it=Count("people", filter=persons))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that keeps the tree's order."""
        return TreeChangeList

    @admin.display(description=_("Org unit"))
    def indented_name(self, unit: OrgUnit) -> str:
        """The name, set in by its depth."""
        depth = getattr(unit, "tree_depth", 0)
        return format_html('<span class="depth-{}">{}{}</span>', depth, "\u2003" * depth, unit.name)

    @admin.display(description=_("People"))
    def people_count(self, unit: OrgUnit) -> int:
        """How many people stand directly in this unit."""
        return unit.people_in_it  # type: ignore[attr-defined]

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> OrgUnit:
        """Create, rename or move."""
        actor = actor_of(request)
        if not change:
            return org_units.create_org_unit(actor=actor, **form.cleaned_data)
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        parent_changed = "parent" in changed
        parent = changed.pop("parent", None)
        unit = OrgUnit.objects.get(pk=form.instance.pk)
        if changed:
            unit = org_units.update_org_unit(unit, actor=actor, changes=changed)
        return org_units.move_org_unit(unit, parent=parent, actor=actor) if parent_changed else unit

    def remove(self, request: HttpRequest, objects: Any, reason: str = "") -> None:
        """Close units; refused while people or units stand in them."""
        all_of(org_units.delete_org_units_many(list(objects), actor=actor_of(request, reason)))
