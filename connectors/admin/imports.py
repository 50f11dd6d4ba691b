"""Imports and other runs: upload, plan, problems, apply."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from connectors.actions import import_profiles, imports
from connectors.admin.import_actions import IMPORT_ACTIONS, has_problems
from connectors.admin.import_rows import result_file
from connectors.admin.words import RUN_LEVELS
from connectors.engine.intake import had_nothing_to_apply
from connectors.engine.intake.lease import IN_WORK, INTAKES
from connectors.engine.intake.progress import progress_of
from connectors.engine.intake.words import APPLIED, counts_in_words
from connectors.models import ImportProfile, Run
from connectors.vocabulary import RunState
from identities.admin.action_admin import NO_SAVING, ActionModelAdmin, RefusableForm, actor_of
from identities.admin.history import history
from identities.admin.object_actions import Fact
from identities.admin.sections import Section, sections
from identities.admin.words import in_words, mark, moment_in_words, name_in_words

# What the menu calls them.
Run._meta.verbose_name_plural = gettext_lazy("imports and other runs")

SHOWN_FINDINGS = 200


class UploadForm(RefusableForm):
    """The files of an import."""

    profile = forms.ChoiceField(
        label=gettext_lazy("Profile"),
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("What the file's rows are, and how they are read: 'hr' people, 'org-tree' org units."),
    )
    file = forms.FileField(label=gettext_lazy("File"), widget=UnfoldAdminFileFieldWidget())
    departments = forms.FileField(
        label=gettext_lazy("File of departments"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(),
        help_text=gettext_lazy("Only beside a file of people, and optional: names and managers of departments."),
    )

    class Meta:
        model = Run
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ImportProfile.objects.values_list("name", flat=True)
        choices = dict.fromkeys((import_profiles.HR_PROFILE, import_profiles.ORG_TREE_PROFILE, *names))
        self.fields["profile"].choices = [(name, name) for name in choices]  # type: ignore[attr-defined]


@admin.register(Run)
class RunAdmin(ActionModelAdmin):
    """Every run with what it did; imports are added by uploading a file."""

    is_edited = False
    list_display = ("created_at", "what", "subject", "status", "progress", "actor_name")
    list_filter = ("kind", "state")
    list_select_related = ("system", "profile")
    ordering = ("-created_at",)
    empty_words = gettext_lazy("Upload a file of people: what it would change is shown before anything is changed.")
    fields = ("progress", "plan", "error", "problems", "actor_name", "created_at", "finished_at")
    readonly_fields = fields
    change_form_template = "admin/connectors/run_change_form.html"
    object_actions = IMPORT_ACTIONS

    def get_fields(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """The upload form, or what there is to see of a run."""
        return self.fields if obj else ("profile", "file", "departments")

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
        profile = import_profiles.profile_named(form.cleaned_data["profile"], actor=actor)
        return imports.start_import([(file.name, file) for file in files if file], profile, actor=actor)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The page of a run follows it while there is work going on; an upload is sent in one way."""
        saving = {} if object_id else {**NO_SAVING, "show_save": True, "title": _("Import a file")}
        response = super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **saving})
        if getattr(response, "context_data", None) and (run := response.context_data.get("original")):
            response.context_data |= {"follow": run.state in IN_WORK, "title": str(run)}
        return response

    def response_add(self, request: HttpRequest, obj: Run, post_url_continue: Any = None) -> HttpResponse:
        """On to the run, which shows how far it is and, once read, what it would change."""
        self.message_user(request, _("The file was taken. Nothing is changed before you apply it."), "SUCCESS")
        return self.redirect_to(obj.pk)

    def object_facts(self, request: HttpRequest, obj: Run) -> list[Fact]:
        """What the run is and how it stands."""
        words, level = in_words(obj.state), RUN_LEVELS.get(RunState(obj.state), "plain")
        if obj.state == RunState.PLANNED and has_problems(obj):
            words, level = _("cannot be applied: mend the problems below in the file, then import it again"), "bad"
        elif had_nothing_to_apply(obj):
            words = _("done: everything is as the file says, there is nothing to apply")
        facts = [Fact(_("Run"), in_words(obj.kind)), Fact(_("State"), words, level=level)]
        if obj.system:
            url = reverse("admin:connectors_connectedsystem_change", args=[obj.system.pk])
            facts.append(Fact(_("System"), obj.system.name, url))
        if obj.profile:
            url = reverse("admin:connectors_importprofile_change", args=[obj.profile.pk])
            facts.append(Fact(_("Profile"), obj.profile.name, url))
        if obj.read_as:
            facts.append(Fact(_("Read as"), obj.read_as))
        undo = imports.undo_of(obj)
        undone = _("Undone by") if imports.is_undone(obj) else _("Undone in part by")
        for words, other in ((_("Undoes"), obj.undoes), (undone, undo)):
            if other:
                facts.append(Fact(words, str(other), reverse("admin:connectors_run_change", args=[other.pk])))
        if obj.kind in INTAKES and obj.counts:
            url = reverse("admin:connectors_run_result", args=[obj.pk])
            facts.append(Fact(_("Result by row"), _("Download"), url))
        return facts

    def get_urls(self) -> list[URLPattern]:
        """And that of the result."""
        result = path(
            "<path:object_id>/result/", self.admin_site.admin_view(self.result_view), name="connectors_run_result"
        )
        return [result, *super().get_urls()]

    def result_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What was planned for every row and what became of it, as a file."""
        run = self.object_or_404(request, object_id)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        return result_file(run)

    @admin.display(description=gettext_lazy("Run"), ordering="kind")
    def what(self, run: Run) -> str:
        """The kind of run."""
        return in_words(run.kind)

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def status(self, run: Run) -> str:
        """The state in colour."""
        return mark(in_words(run.state), RUN_LEVELS.get(RunState(run.state), ""))

    @admin.display(description=gettext_lazy("File or system"))
    def subject(self, run: Run) -> str:
        """What the run is about."""
        return run.file_name or (run.system.name if run.system else "-")

    @admin.display(description=gettext_lazy("Progress"))
    def progress(self, run: Run) -> str:
        """How far the run is, how fast it goes, and when it may be over."""
        found = progress_of(run, timezone.now())
        speed = f"{found.per_second:.0f}" if found.per_second else ""
        if not found.total:
            told = {"done": found.processed, "speed": speed}
            return _("%(done)d rows, %(speed)s rows a second") % told if speed else "-"
        words = _("%(done)d of %(total)d") % {"done": found.processed, "total": found.total}
        if speed and found.expected_end:
            told = {"speed": speed, "end": moment_in_words(found.expected_end)}
            words += _(", %(speed)s rows a second, done about %(end)s") % told
        bar = '<progress value="{}" max="{}" aria-label="{}"></progress> {}'
        return format_html(bar, found.processed, found.total, words, words)

    @admin.display(description=gettext_lazy("Plan and result"))
    def plan(self, run: Run) -> str:
        """Counts by part."""
        rows = (
            (name_in_words(part), ", ".join(counts_in_words(counted, done=part == APPLIED)) or _("nothing to do"))
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


sections.register(
    "connectors.Run", Section("history", gettext_lazy("History"), "identities.view_auditentry", history, last=True)
)
