"""Imports and other runs: upload, plan, problems, apply."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from connectors.actions import imports
from connectors.engine.intake.lease import IN_WORK
from connectors.models import ImportProfile, Run
from connectors.vocabulary import RunKind, RunState
from identities.admin.action_admin import ActionModelAdmin, RefusableForm, actor_of
from identities.admin.object_actions import ObjectAction
from identities.admin.sections import Section, sections

ROWS_PER_PAGE = 100
SHOWN_FINDINGS = 200


class UploadForm(RefusableForm):
    """The files of an import."""

    file = forms.FileField(label=gettext_lazy("File of people"), widget=UnfoldAdminFileFieldWidget())
    departments = forms.FileField(
        label=gettext_lazy("File of departments"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(),
        help_text=gettext_lazy("Optional. Departments that only people's rows name are made from these."),
    )
    profile = forms.ChoiceField(label=gettext_lazy("Profile"), widget=UnfoldAdminSelectWidget())

    class Meta:
        model = Run
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ImportProfile.objects.values_list("name", flat=True)
        choices = dict.fromkeys((imports.HR_PROFILE, *names))
        self.fields["profile"].choices = [(name, name) for name in choices]  # type: ignore[attr-defined]


def _apply(request: HttpRequest, run: Run, cleaned: dict[str, Any]) -> str:
    imports.apply_import(run, actor=actor_of(request))
    return _("The import is being applied.")


def _cancel(request: HttpRequest, run: Run, cleaned: dict[str, Any]) -> str:
    imports.cancel_import(run, actor=actor_of(request))
    return _("The import is cancelled; nothing was changed.")


@admin.register(Run)
class RunAdmin(ActionModelAdmin):
    """Every run with what it did; imports are added by uploading a file."""

    is_edited = False
    list_display = ("created_at", "kind", "subject", "state", "progress", "actor_name")
    list_filter = ("kind", "state")
    list_select_related = ("system", "profile")
    ordering = ("-created_at",)
    fields = (
        "kind",
        "subject",
        "state",
        "actor_name",
        "created_at",
        "started_at",
        "finished_at",
        "progress",
        "plan",
        "error",
        "problems",
    )
    readonly_fields = fields
    change_form_template = "admin/connectors/run_change_form.html"
    object_actions = (
        ObjectAction(
            "apply",
            gettext_lazy("Apply"),
            gettext_lazy("Carry out the plan. Every change is audited under your name."),
            _apply,
            offered=lambda run: run.kind == RunKind.IMPORT and run.state == RunState.PLANNED,
        ),
        ObjectAction(
            "cancel",
            gettext_lazy("Cancel"),
            gettext_lazy("Give this import up. Nothing has been changed by it."),
            _cancel,
            offered=lambda run: run.kind == RunKind.IMPORT and run.state in imports.OPEN_STATES,
            dangerous=True,
        ),
    )

    def get_fields(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """The upload form, or what there is to see of a run."""
        return self.fields if obj else ("file", "departments", "profile")

    def get_readonly_fields(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """A run is never edited."""
        return self.readonly_fields if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The upload form when adding."""
        if obj is None:
            kwargs |= {"form": UploadForm, "fields": ()}
        return super().get_form(request, obj, change=change, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Runs are history."""
        return False

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> Run:
        """Start the import of the uploaded files."""
        if change:
            return form.instance  # type: ignore[no-any-return]
        actor = actor_of(request)
        files = [form.cleaned_data["file"], form.cleaned_data["departments"]]
        profile = imports.profile_named(form.cleaned_data["profile"], actor=actor)
        return imports.start_import([(file.name, file) for file in files if file], profile, actor=actor)

    def changeform_view(self, request: HttpRequest, object_id: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The page of a run follows it while there is work going on."""
        response = super().changeform_view(request, object_id, *args, **kwargs)
        if getattr(response, "context_data", None) and (run := response.context_data.get("original")):
            response.context_data |= {"follow": run.state in IN_WORK, "title": str(run)}
        return response

    @admin.display(description=gettext_lazy("File or system"))
    def subject(self, run: Run) -> str:
        """What the run is about."""
        return run.file_name or (run.system.name if run.system else "-")

    @admin.display(description=gettext_lazy("Progress"))
    def progress(self, run: Run) -> str:
        """How far the run is."""
        return f"{run.processed} / {run.total}" if run.total else "-"

    @admin.display(description=gettext_lazy("Plan and result"))
    def plan(self, run: Run) -> str:
        """Counts by part."""
        rows = (
            (part, ", ".join(f"{name} {number}" for name, number in counted.items()) or _("nothing to do"))
            for part, counted in run.counts.items()
            if isinstance(counted, dict)
        )
        return format_html_join("", "<p><strong>{}</strong>: {}</p>", rows) or "-"

    @admin.display(description=gettext_lazy("Problems"))
    def problems(self, run: Run) -> str:
        """What was found, by row and column."""
        found = list(run.findings.all()[:SHOWN_FINDINGS])
        if not found:
            return _("None.")
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            ((f.row or "-", f.column or "-", f.message) for f in found),
        )
        head = (_("Row"), _("Column"), _("What is wrong"))
        return format_html(
            '<table class="plain-table"><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead>'
            "<tbody>{}</tbody></table>",
            *head,
            rows,
        )


def _rows(request: HttpRequest, run: Any) -> SafeString:
    page = Paginator(run.rows.order_by("part", "number"), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render_to_string("admin/connectors/run_rows.html", {"page": page}, request)


sections.register("connectors.Run", Section("rows", gettext_lazy("Rows"), "connectors.view_run", _rows))
