"""Import profiles: what files of one kind are, and how they are read. What their columns become has its own page."""

from dataclasses import fields
from typing import Any, Final, get_type_hints

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from connectors.actions import import_profiles
from connectors.admin.file_samples import sample_of, suggested
from connectors.admin.import_mapping import carry_sample
from connectors.engine.intake.profiles.attributes import KEY_ATTRIBUTES
from connectors.engine.intake.profiles.profile import Options
from connectors.models import ImportProfile, Run
from connectors.vocabulary import ImportContent, RunKind
from identities.admin.action_admin import ActionModelAdmin, RefusableForm, actor_of
from identities.admin.object_actions import Fact
from identities.admin.words import in_words, moment_in_words, name_in_words
from identities.mapping import MappingRow

OPTION: Final = "option_"
_VALUES: Final = ("description", "complete", "missing_limit", "missing_limit_percent")
_HELP: Final[dict[str, str | Promise]] = {
    "manager_column": gettext_lazy("Names a person's manager by their key."),
    "department_code_column": gettext_lazy("Names a person's org unit by its code; it is made if it is missing."),
    "department_name_column": gettext_lazy("The name of that org unit."),
    "department_manager_column": gettext_lazy("In a file of departments: the key of the manager."),
    "departments_file": gettext_lazy("A file of this name beside the people's is taken along by the command."),
    "groups_from_departments": gettext_lazy("One group for each department, with its people."),
    "apply_dropped": gettext_lazy("What is put into the drop folder is applied at once if nothing is wrong with it."),
    "format": gettext_lazy("csv, xlsx or jsonl. Empty: detected."),
    "delimiter": gettext_lazy("One character, or tab, comma, semicolon, pipe, space. Empty: detected."),
    "encoding": gettext_lazy("Such as utf-8, cp1252, utf-16. Empty: detected."),
    "quote": gettext_lazy("One character, or none. Empty: detected."),
    "sheet": gettext_lazy("The sheet of a workbook. Empty: the first."),
}


def _option_fields() -> dict[str, forms.Field]:
    """A field for every option a profile has."""
    types, found = get_type_hints(Options), {}
    for option in fields(Options):
        told = {
            "label": name_in_words(option.name),
            "help_text": _HELP.get(option.name, ""),
            "required": False,
            "initial": option.default,
        }
        found[f"{OPTION}{option.name}"] = (
            forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **told)
            if types[option.name] is bool
            else forms.CharField(max_length=120, strip=False, widget=UnfoldAdminTextInputWidget(), **told)
        )
    return found


class ProfileForm(RefusableForm):
    """One import profile. Its content and key column are asked for when it is made; later its mapping has the key."""

    sample_file = forms.FileField(
        label=gettext_lazy("Sample file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(),
        help_text=gettext_lazy("A file such as will be imported: the mapping is suggested from its columns."),
    )

    class Meta:
        model = ImportProfile
        fields = ("name", "content", "key_column", *_VALUES)
        help_texts = {
            "name": gettext_lazy("Letters, digits, hyphens. It stays: every value that is imported carries it."),
            "key_column": gettext_lazy("By its value a row is known again. Empty: suggested from the sample file."),
            "complete": gettext_lazy("Who is missing from a file, and was in the one before, is disabled."),
            "missing_limit": gettext_lazy("More missing people than this and the percentage must be confirmed."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in (self.instance.options or {}).items():
            if f"{OPTION}{name}" in self.fields:
                self.initial[f"{OPTION}{name}"] = value
        if "key_column" in self.fields:
            self.fields["key_column"].required = False
        self.field_of_attribute = {f"options.{option.name}": f"{OPTION}{option.name}" for option in fields(Options)}

    def values(self) -> dict[str, Any]:
        """What the actions take beside name, content and key column."""
        cleaned = self.cleaned_data
        options = {option.name: cleaned[f"{OPTION}{option.name}"] for option in fields(Options)}
        return {**{name: cleaned[name] for name in _VALUES}, "options": options}


@admin.register(ImportProfile)
class ImportProfileAdmin(ActionModelAdmin):
    """How files are read, by the name of the profile."""

    list_display = ("name", "what", "key_column", "complete", "description", "last_import")
    search_fields = ("name", "description")
    ordering = ("name",)
    empty_words = gettext_lazy("A profile says how a file is read. Make one from a sample file; 'hr' comes by itself.")
    deletion_words = gettext_lazy("What was imported stays, marked with the profile's name; so do its runs.")
    readonly_fields: tuple[str, ...] = ()

    def get_fieldsets(self, request: HttpRequest, obj: ImportProfile | None = None) -> Any:
        """What it is, when people count as missing, how files are read."""
        what = ("description",) if obj else ("name", "description", "content", "key_column", "sample_file")
        options = tuple(f"{OPTION}{option.name}" for option in fields(Options))
        return (
            (None, {"fields": what}),
            (_("Complete files"), {"fields": ("complete", "missing_limit", "missing_limit_percent")}),
            (_("Options"), {"fields": options}),
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form with a field for every option."""
        form = type("ProfileForm", (ProfileForm,), _option_fields())
        names = ("description",) if obj else ("name", "content", "key_column", "description")
        kwargs |= {"form": form, "fields": (*names, "complete", "missing_limit", "missing_limit_percent")}
        return super().get_form(request, obj, change=change, **kwargs)

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[ImportProfile]":
        """With the moment of the last import."""
        latest = models.Max("runs__created_at", filter=models.Q(runs__kind=RunKind.IMPORT))
        return super().get_queryset(request).annotate(imported_at=latest)

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> ImportProfile:
        """Make the profile, with the mapping that its sample suggests, or change it."""
        if change:
            import_profiles.update_profile(form.instance, actor=actor_of(request), **form.values())
            return form.instance  # type: ignore[no-any-return]
        cleaned, values = form.cleaned_data, form.values()
        content, key_column, rows = ImportContent(cleaned["content"]), cleaned["key_column"], []
        sample = sample_of(cleaned["sample_file"], values["options"]) if cleaned["sample_file"] else None
        if sample:
            found = suggested(content, sample.header)
            key_column, rows = key_column or found.key_column, list(found.rows)
            values["options"] |= {name: text for name, text in found.options.items() if not values["options"][name]}
        key = KEY_ATTRIBUTES[content]
        rows = (
            [MappingRow(key, source=key_column), *(row for row in rows if row.attribute != key)] if key_column else []
        )
        given = {**values, "content": content, "key_column": key_column}
        if sample:
            self.message_user(request, " ".join(sample.assumed), "INFO")
        made = import_profiles.create_profile(cleaned["name"], rows, actor=actor_of(request), **given)
        carry_sample(request, made, sample)
        return made

    def remove(self, request: HttpRequest, objects: "models.QuerySet[Any]", reason: str = "") -> None:
        """Delete by the action."""
        for profile in objects:
            import_profiles.delete_profile(profile.pk, actor=actor_of(request, reason))

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """On to the mapping."""
        self.message_user(request, _("The profile is made. Say what its columns become."), "SUCCESS")
        return self.redirect_to_mapping(obj)

    def redirect_to_mapping(self, profile: ImportProfile) -> HttpResponse:
        """To the page of the mapping."""
        response = self.redirect_to(profile.pk)
        response["Location"] = reverse("admin:connectors_importprofile_section", args=[profile.pk, "mapping"])
        return response

    def object_facts(self, request: HttpRequest, obj: ImportProfile) -> list[Fact]:
        """What it is for, and its last import."""
        facts = [Fact(_("Rows are"), in_words(obj.content)), Fact(_("Key column"), obj.key_column)]
        last = Run.objects.filter(profile=obj, kind=RunKind.IMPORT).order_by("-created_at").first()
        if last:
            url = reverse("admin:connectors_run_change", args=[last.pk])
            facts.append(Fact(_("Last import"), moment_in_words(last.created_at), url))
        return facts

    @admin.display(description=gettext_lazy("Rows are"), ordering="content")
    def what(self, profile: ImportProfile) -> str:
        """What its rows are."""
        return in_words(profile.content)

    @admin.display(description=gettext_lazy("Last import"), ordering="imported_at")
    def last_import(self, profile: Any) -> str:
        """When a file was last imported by it."""
        return moment_in_words(profile.imported_at)
