"""Groups and their members."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from identities.actions.batches import all_of
from identities.actions.groups import create_group, delete_groups_many, restore_group, set_rule, update_group
from identities.actions.memberships import add_members, remove_members
from identities.admin.action_admin import ActionModelAdmin, actor_of
from identities.admin.group_form import GroupForm
from identities.admin.object_actions import Fact, ObjectAction
from identities.admin.origins import OriginNames
from identities.admin.sections import Section, sections
from identities.admin.words import moment_in_words
from identities.canonical import fold
from identities.errors import NotFound, RuleViolation
from identities.models import Group, Membership, User
from identities.queries.dynamic_groups import asserted_by_hand, read_rule
from identities.queries.org_tree import org_paths, path_in_words
from identities.vocabulary import GroupKind

MEMBERS_PER_PAGE = 100


class MembersForm(forms.Form):
    """Members by name: one a line, people by user name, groups by their name."""

    names = forms.CharField(
        label=gettext_lazy("People and groups"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=gettext_lazy("One a line: user names of people, names of groups."),
    )


def _meant(names: str) -> list[User | Group]:
    """The people and groups these lines name (raises NotFound, naming the first that is unknown)."""
    wanted = dict.fromkeys(fold(line) for line in names.splitlines() if line.strip())
    users = {user.user_name_key: user for user in User.objects.persons().filter(user_name_key__in=wanted)}
    groups = {group.display_name_key: group for group in Group.objects.present().filter(display_name_key__in=wanted)}
    unknown = [name for name in wanted if name not in users and name not in groups]
    if unknown:
        raise NotFound("unknown_member", _("Nobody is called %(name)s.") % {"name": unknown[0]}, field="names")
    return [users.get(name) or groups[name] for name in wanted]


def _add(request: HttpRequest, group: Group, cleaned: dict[str, Any]) -> str:
    number = add_members(group, _meant(cleaned["names"]), actor=actor_of(request))
    return _("%(number)d members were added.") % {"number": number}


def _remove(request: HttpRequest, group: Group, cleaned: dict[str, Any]) -> str:
    number = remove_members(group, _meant(cleaned["names"]), actor=actor_of(request), all_origins=True)
    return _("%(number)d members were removed.") % {"number": number}


def _restore(request: HttpRequest, group: Group, cleaned: dict[str, Any]) -> str:
    restore_group(group, actor=actor_of(request))
    return _("%(group)s is restored.") % {"group": group}


class DeletedGroupFilter(admin.SimpleListFilter):
    """Present groups, or deleted ones to be restored."""

    title = gettext_lazy("deleted")
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The one choice beside the default."""
        return [("yes", _("Deleted groups"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Group]") -> "QuerySet[Group]":
        """Deleted groups only when asked."""
        return queryset.filter(deleted_at__isnull=self.value() != "yes")


@admin.register(Group)
class GroupAdmin(ActionModelAdmin):
    """Groups; their members stand on a page of their own."""

    form = GroupForm
    change_form_template = "admin/identities/group_change_form.html"
    list_display = ("display_name", "description", "members", "source")
    list_filter = (DeletedGroupFilter, "kind")
    search_fields = ("display_name_key",)
    fieldsets = (
        (None, {"fields": ("display_name", "description")}),
        (gettext_lazy("Rule"), {"fields": ("kind", "filter_text")}),
    )
    ordering = ("display_name_key", "id")
    empty_words = gettext_lazy("Groups come by an import, from an API client, or are added here by hand.")
    deletion_words = gettext_lazy(
        "The group goes from the connected systems too. It can be restored from the list of deleted groups."
    )
    object_actions = (
        ObjectAction(
            "add",
            gettext_lazy("Add members"),
            gettext_lazy("They stay until they are taken out here."),
            _add,
            form=MembersForm,
            offered=lambda group: group.deleted_at is None and group.kind == GroupKind.STATIC,
        ),
        ObjectAction(
            "remove",
            gettext_lazy("Remove members"),
            gettext_lazy("They are taken out whoever put them in; a source that still says otherwise puts them back."),
            _remove,
            form=MembersForm,
            offered=lambda group: group.deleted_at is None and asserted_by_hand(group),
            dangerous=True,
        ),
        ObjectAction(
            "restore",
            gettext_lazy("Restore"),
            gettext_lazy("The group is as before the deletion; refused if the name is taken by now."),
            _restore,
            offered=lambda group: group.deleted_at is not None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Group]":
        """Groups with the number of their direct members."""
        return super().get_queryset(request).annotate(number_of_members=Count("memberships"))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Groups whose name holds every word."""
        for word in fold(search_term).split():
            queryset = queryset.filter(display_name_key__contains=word)
        return queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list, with the names of origins read once."""
        self._names = OriginNames()
        return super().changelist_view(request, extra_context)

    @admin.display(description=gettext_lazy("Members"))
    def members(self, group: Group) -> int:
        """Direct members."""
        return group.number_of_members  # type: ignore[attr-defined,no-any-return]

    @admin.display(description=gettext_lazy("Source"))
    def source(self, group: Group) -> str:
        """Who asserted this group."""
        return self._names.name(group.default_origin)

    def object_facts(self, request: HttpRequest, obj: Any) -> list[Fact]:
        """Of a dynamic group: by what its members are computed, since when, and how many they are."""
        if obj.kind != GroupKind.DYNAMIC:
            return []
        computed = moment_in_words(obj.computed_at) if obj.computed_at else _("under way")
        facts = [
            Fact(_("Members are computed by the rule"), obj.filter_text),
            Fact(_("Everybody was last looked at"), computed),
            Fact(_("Members"), obj.number_of_members),
        ]
        try:
            read_rule(obj.filter_text)
        except RuleViolation as refusal:
            facts.append(Fact(_("The rule cannot be read"), refusal.message, level="bad"))
        return facts

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> Group:
        """Create or rename."""
        actor = actor_of(request)
        texts = {name: form.cleaned_data[name] for name in ("display_name", "description")}
        if not change:
            return create_group(actor=actor, **texts, filter_text=form.rule or "")
        changes = {name: text for name, text in texts.items() if name in form.changed_data}
        update_group(form.instance.pk, actor=actor, changes=changes)
        if {"kind", "filter_text"} & set(form.changed_data):
            set_rule(form.instance.pk, form.rule, actor=actor)
        return form.instance  # type: ignore[no-any-return]

    def remove(self, request: HttpRequest, objects: "QuerySet[Group]", reason: str = "") -> None:
        """Delete groups; they can be restored until they are purged."""
        all_of(delete_groups_many(list(objects), actor=actor_of(request, reason)))


def _members(request: HttpRequest, group: Any) -> SafeString:
    memberships = (
        Membership.objects.filter(group=group)
        .filter(Q(user__deleted_at__isnull=True) & Q(member_group__deleted_at__isnull=True))
        .select_related("user", "member_group")
        .prefetch_related("origins")
        .order_by("member_group__display_name_key", "user__user_name_key", "id")
    )
    page = Paginator(memberships, MEMBERS_PER_PAGE).get_page(request.GET.get("page"))
    names = OriginNames()
    paths = org_paths({m.user.org_unit_id for m in page if m.user and m.user.org_unit_id})
    rows = [
        {
            "membership": m,
            "origins": ", ".join(names.name(each.origin) for each in m.origins.all()),
            "org_unit": path_in_words(paths.get(m.user.org_unit_id, ()) if m.user else ()),
        }
        for m in page
    ]
    return render_to_string("admin/identities/members.html", {"rows": rows, "page": page, "group": group}, request)


def _groups_of(request: HttpRequest, user: Any) -> SafeString:
    memberships = (
        Membership.objects.filter(user=user, group__deleted_at__isnull=True)
        .select_related("group")
        .prefetch_related("origins")
        .order_by("group__display_name_key", "id")
    )
    page = Paginator(memberships, MEMBERS_PER_PAGE).get_page(request.GET.get("page"))
    names = OriginNames()
    rows = [{"membership": m, "origins": ", ".join(names.name(each.origin) for each in m.origins.all())} for m in page]
    return render_to_string("admin/identities/groups_of.html", {"rows": rows, "page": page}, request)


sections.register("identities.Group", Section("members", gettext_lazy("Members"), "identities.view_group", _members))
sections.register("identities.User", Section("groups", gettext_lazy("Groups"), "identities.view_group", _groups_of))
