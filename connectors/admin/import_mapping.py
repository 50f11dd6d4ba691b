"""What the columns of a profile's files become: a table of rows, tried on a sample file as they are typed."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from connectors.actions.import_profiles import check_row, update_profile
from connectors.admin.file_samples import Sample, kept_sample, sample_of, suggested
from connectors.engine.intake.profiles.attributes import importable_attributes
from connectors.engine.intake.profiles.trial import try_mapping
from connectors.models import ImportProfile
from connectors.vocabulary import ImportContent
from identities.admin.action_admin import actor_of
from identities.admin.history import history
from identities.admin.sections import Section, sections
from identities.admin.words import choices_in_words, name_in_words
from identities.errors import IdentityError
from identities.mapping import MappingRow
from identities.vocabulary import MappingApply, MappingKind

EMPTY_ROWS: Final = 3
_MOST_ROWS: Final = 200
_NAMES: Final = ("attribute", "kind", "source", "apply", "clear_when_null")


class RowForm(forms.Form):
    """One row."""

    attribute = forms.ChoiceField(label=gettext_lazy("Attribute"), widget=UnfoldAdminSelectWidget())
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=lambda: choices_in_words(MappingKind), widget=UnfoldAdminSelectWidget()
    )
    source = forms.CharField(
        label=gettext_lazy("Column, text or expression"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 1}),
    )
    apply = forms.ChoiceField(
        label=gettext_lazy("Apply"), choices=lambda: choices_in_words(MappingApply), widget=UnfoldAdminSelectWidget()
    )
    clear_when_null = forms.BooleanField(
        label=gettext_lazy("Clear when null"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = str(self.initial.get("attribute", ""))
        lost = [] if stored in dict(choices) else [(stored, stored)]
        self.fields["attribute"].choices = [*choices, *lost]  # type: ignore[attr-defined]

    def has_changed(self) -> bool:
        """Whether there is anything to take: an empty row has the first choice of every list all the same."""
        return bool({"attribute", "source"} & set(self.changed_data)) if self.empty_permitted else super().has_changed()

    def row(self) -> MappingRow:
        """The row as the action takes it."""
        cleaned = self.cleaned_data
        kind, apply = MappingKind(cleaned["kind"]), MappingApply(cleaned["apply"])
        return MappingRow(cleaned["attribute"], kind, cleaned["source"], apply, cleaned["clear_when_null"])


RowFormSet = forms.formset_factory(RowForm, extra=EMPTY_ROWS, can_delete=True, max_num=_MOST_ROWS)


class MappingForm(forms.Form):
    """What stands above the rows."""

    key_column = forms.CharField(
        label=gettext_lazy("Key column"),
        max_length=120,
        widget=UnfoldAdminTextInputWidget(attrs={"list": "columns"}),
    )
    sample = forms.CharField(required=False, strip=False, widget=forms.HiddenInput())
    # Unfold's script writes the name of a chosen file into the widget it belongs to, or else into whatever comes next.
    sample_file = forms.FileField(
        label=gettext_lazy("Sample file"), required=False, widget=UnfoldAdminFileFieldWidget()
    )


def carry_sample(request: HttpRequest, profile: ImportProfile, sample: Sample | None) -> None:
    """Keep the sample of a new profile until the page of its mapping, which comes next, is shown."""
    if sample:
        request.session[_carried(profile)] = sample.as_text()


def mapping_page(request: HttpRequest, profile: Any) -> SafeString:
    """Show the rows with what they give for the sample; on POST suggest, try or save them."""
    may_change = request.user.has_perm("connectors.change_importprofile")  # type: ignore[union-attr]
    page = _Page(request, profile)
    if request.method == "POST":
        if "suggest" in request.POST:
            page.suggest()
        elif "save" in request.POST and may_change:
            page.save()
    return render_to_string(
        "admin/connectors/import_mapping.html", {**page.context(), "may_change": may_change}, request
    )


class _Page:
    """The forms of one request."""

    def __init__(self, request: HttpRequest, profile: ImportProfile) -> None:
        self._request, self._profile = request, profile
        self._content = ImportContent(profile.content)
        self._choices = [("", "—"), *((name, name_in_words(name)) for name in importable_attributes(self._content))]
        if request.method == "POST":
            self.form = MappingForm(request.POST)
            self.rows = self._formset(data=self._sent())
        else:
            carried = request.session.pop(_carried(profile), "")
            self._show(profile.key_column, kept_sample(carried), list(profile.mappings.values(*_NAMES)))
        self.sample = kept_sample(self.form["sample"].value() or "")

    def suggest(self) -> None:
        """Take the uploaded file as the sample, and add rows for attributes that have none."""
        file = self._request.FILES.get("sample_file")
        if file is None:
            messages.warning(self._request, _("Choose a sample file first."))
            return
        try:
            self.sample = sample_of(file, self._profile.options)
        except IdentityError as refusal:
            messages.error(self._request, refusal.message)
            return
        messages.info(self._request, " ".join(self.sample.assumed))
        found, rows = suggested(self._content, self.sample.header), self._typed()
        mapped = {row["attribute"] for row in rows}
        rows += [_initial(row) for row in found.rows if row.attribute not in mapped]
        self._show(self.form["key_column"].value() or found.key_column, self.sample, rows)
        for name, column in found.options.items():
            told = {"name": name_in_words(name), "column": column}
            messages.info(self._request, _("%(name)s is probably %(column)s: set it on the record.") % told)

    def save(self) -> None:
        """Save what is typed; a refusal leaves it as it is."""
        if not self.form.is_valid() or not self.rows.is_valid():
            return
        rows = [form.row() for _place, form in self._filled()]
        key_column = self.form.cleaned_data["key_column"]
        try:
            update_profile(self._profile, actor=actor_of(self._request), rows=rows, key_column=key_column)
        except IdentityError as refusal:
            messages.error(self._request, refusal.message)
            return
        messages.success(self._request, _("The mapping is saved. It counts from the next file on."))
        self._show(key_column, self.sample, [_initial(row) for row in rows])

    def context(self) -> dict[str, Any]:
        """What the page shows."""
        filled = self._filled()
        rows = [form.row() for _place, form in filled]
        trial = try_mapping(self._content, rows, self.sample.rows)
        problems = {filled[number][0]: text for number, text in trial.problems.items()}
        known = importable_attributes(self._content)
        for number, (place, _form) in enumerate(filled):
            try:
                check_row(self._content, number, rows[number], known)
            except IdentityError as refusal:
                problems[place] = refusal.message
        return {
            "profile": self._profile,
            "form": self.form,
            "formset": self.rows,
            "lines": [(form, problems.get(place, "")) for place, form in enumerate(self.rows.forms)],
            "sample": self.sample,
            "mapped": [
                (name_in_words(row.attribute), [values[number] for values in trial.values])
                for number, row in enumerate(rows)
            ],
            "unused": self._unused(rows),
        }

    def _unused(self, rows: Sequence[MappingRow]) -> list[str]:
        """Columns that neither a row nor an option of the profile reads."""
        sources, named = [row.source for row in rows], set(map(str, self._profile.options.values()))
        return [name for name in self.sample.header if name not in named and not any(name in each for each in sources)]

    def _filled(self) -> list[tuple[int, RowForm]]:
        """The rows that stay and say something, with their places on the page."""
        if not self.rows.is_bound:
            self.rows = self._formset(data=_as_sent(self.rows))
        self.rows.is_valid()
        return [
            (place, form)
            for place, form in enumerate(self.rows.forms)
            if getattr(form, "cleaned_data", None) and not form.errors and not form.cleaned_data.get("DELETE")
        ]

    def _typed(self) -> list[dict[str, Any]]:
        return [_initial(form.row()) for _place, form in self._filled()]

    def _show(self, key_column: str, sample: Sample, rows: list[dict[str, Any]]) -> None:
        self.form = MappingForm(initial={"key_column": key_column, "sample": sample.as_text()})
        self.rows = self._formset(initial=rows)

    def _sent(self) -> Any:
        """What was sent, with more empty rows if they were asked for."""
        data = self._request.POST.copy()
        number = data.get("form-TOTAL_FORMS", "")
        if "more" in data and number.isdigit():
            data["form-TOTAL_FORMS"] = str(min(int(number[:4]) + EMPTY_ROWS, _MOST_ROWS))
        return data

    def _formset(self, **kwargs: Any) -> Any:
        return RowFormSet(form_kwargs={"choices": self._choices}, **kwargs)


def _as_sent(formset: Any) -> dict[str, Any]:
    """An unbound formset as a browser would send it back."""
    data = {"form-TOTAL_FORMS": str(formset.total_form_count()), "form-INITIAL_FORMS": "0"}
    for form in formset.forms:
        for name in _NAMES:
            value = form[name].value()
            if value not in (None, False):
                data[form.add_prefix(name)] = value
    return data


def _initial(row: MappingRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _NAMES}


def _carried(profile: ImportProfile) -> str:
    return f"import-sample-{profile.pk}"


sections.register(
    "connectors.ImportProfile",
    Section("mapping", gettext_lazy("Mapping"), "connectors.view_importmapping", mapping_page),
)
sections.register(
    "connectors.ImportProfile",
    Section("history", gettext_lazy("History"), "identities.view_auditentry", history, last=True),
)
