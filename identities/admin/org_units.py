"""The org structure: its tree, and the pages of each unit."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.actions import org_units
from identities.admin.action_admin import ActionModelAdmin, actor_of
from identities.admin.object_actions import Fact, ObjectAction
from identities.admin.org_tree import tree_page
from identities.admin.org_unit_actions import ORG_UNIT_ACTIONS, told_apart
from identities.admin.origins import OriginNames
from identities.canonical import fold
from identities.models import OrgUnit
from identities.queries.org_tree import org_paths, path_in_words

FIELDS = ("name", "code", "parent", "manager")


@admin.register(OrgUnit)
class OrgUnitAdmin(ActionModelAdmin):
    """Units as the tree they form. One is changed by its buttons, which show first what others would notice."""

    is_edited = False
    search_fields = ("name_key", "code_key")
    fields = FIELDS
    autocomplete_fields = ("parent", "manager")
    ordering = ("name_key", "id")
    object_actions: tuple[ObjectAction, ...] = ORG_UNIT_ACTIONS
    empty_words = gettext_lazy(
        "Org units form the tree that people stand in. They come by an import or are added here by hand."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrgUnit]":
        """Present units."""
        found: QuerySet[OrgUnit] = OrgUnit.objects.without_tree_fields().filter(deleted_at__isnull=True)
        return found.select_related("parent", "manager")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Units whose name or code holds every word."""
        for word in fold(search_term).split():
            queryset = queryset.filter(name_key__contains=word) | queryset.filter(code_key__contains=word)
        return queryset, False

    def choice_text(self, obj: OrgUnit) -> str:
        """The name and the code."""
        return told_apart(obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything, once the unit is there."""
        return FIELDS if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: a unit is closed, which settles first where its people go."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The tree."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name_plural,
            "opts": self.opts,
            "has_add_permission": self.has_add_permission(request),
            "empty_words": self.empty_words,
            "page": tree_page(request.GET),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/identities/org_tree.html", context)

    def object_facts(self, request: HttpRequest, obj: OrgUnit) -> list[Fact]:
        """Where the unit stands, and whose it is."""
        path = org_paths([obj.pk]).get(obj.pk, [])
        above = [Fact(_("Stands in"), path_in_words(path[:-1]), self.change_url(obj.parent_id))] if path[:-1] else []
        return [*above, Fact(_("Source"), OriginNames().name(obj.origin))]

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> OrgUnit:
        """Create one."""
        if change:
            raise PermissionDenied
        return org_units.create_org_unit(actor=actor_of(request), **form.cleaned_data)
