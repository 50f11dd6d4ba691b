"""The pages of one object beside its form: sections, what can be done to it, and its part of the audit trail."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from identities.admin.choosers import Chooser, ChooserOfSeveral
from identities.admin.object_actions import Fact, ObjectAction, Question
from identities.admin.sections import Section, sections
from identities.admin.words import WordsFilter, in_words
from identities.errors import IdentityError

SHOWN_OF_CHOSEN = 20


class ObjectPages(ModelAdmin):
    """Lists and objects with tabs for their sections and buttons for what can be done.

    Attributes:
        empty_words: what a list says as long as there is nothing to list: what it is for, and what to do first.
    """

    object_actions: tuple[ObjectAction, ...] = ()
    empty_words: Any = ""
    list_per_page = 50
    show_full_result_count = False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The object's part of the audit trail."""
        return HttpResponseRedirect(
            f"{reverse('admin:identities_auditentry_changelist')}?subject_id__exact={unquote(object_id)}"
        )

    def get_list_filter(self, request: HttpRequest) -> Any:
        """The filters, those over choices in words."""
        found: list[Any] = []
        for each in super().get_list_filter(request):
            plain = isinstance(each, str) and "__" not in each
            has_choices = plain and getattr(self.model._meta.get_field(each), "flatchoices", None)
            found.append((each, WordsFilter) if has_choices else each)
        return found

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A field with choices, in words."""
        blank = db_field.get_choices(include_blank=db_field.blank)
        kwargs.setdefault("choices", [(value, in_words(label)) for value, label in blank])
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A field that refers to one object."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Chooser(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A field that refers to several."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", ChooserOfSeveral(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def choice_text(self, obj: Any) -> str:
        """What an object is called where it is chosen among others."""
        return str(obj)

    def change_url(self, object_id: object) -> str:
        """Address of the object's first page."""
        opts = self.model._meta
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[object_id])

    def redirect_to(self, object_id: object) -> HttpResponse:
        """Back to the object's first page."""
        return HttpResponseRedirect(self.change_url(object_id))

    def get_urls(self) -> list[URLPattern]:
        """The admin's addresses, one for each section and one for each thing that can be done."""
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}"
        view = self.admin_site.admin_view
        pages = []
        if sections.of(self.model):
            pages.append(path("<path:object_id>/section/<slug:key>/", view(self.section_view), name=f"{name}_section"))
        if self.object_actions:
            pages.append(path("<path:object_id>/do/<slug:key>/", view(self.object_action_view), name=f"{name}_do"))
        return [*pages, *super().get_urls()]

    def object_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The object with this id as this administrator may see it."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        return obj

    # Things that can be done ------------------------------------------------------------------------------------------

    def object_facts(self, request: HttpRequest, obj: Any) -> list[Fact]:
        """What is to be seen at a glance above the record."""
        return []

    def object_buttons(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """The buttons for what can be done to this object by this administrator."""
        if not self.has_change_permission(request, obj):
            return []
        name = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_do"
        return [
            {"action": action, "url": reverse(name, args=[obj.pk, action.key])}
            for action in self.object_actions
            if action.offered(obj)
        ]

    def object_action_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """Ask, and on POST do."""
        obj = self.object_or_404(request, object_id)
        action = next((a for a in self.object_actions if a.key == key), None)
        if action is None or not self.has_change_permission(request, obj):
            raise PermissionDenied
        form_class = action.form_for(obj) if action.form_for else action.form
        form = form_class(request.POST if request.method == "POST" or action.shows else None)
        return self.ask(request, obj, action, form, lambda cleaned: action.perform(request, obj, cleaned))

    def ask(
        self,
        request: HttpRequest,
        obj: Any,
        about: Question | ObjectAction,
        form: Form,
        perform: Callable[[dict[str, Any]], str | HttpResponse],
    ) -> HttpResponse:
        """Ask about one object, and once answered call `perform`; its refusal stands on the page.

        Args:
            perform: takes the answers, and returns what to tell the administrator, or the page that follows.
        """
        if form.is_bound and form.is_valid():
            try:
                done = perform(form.cleaned_data)
            except IdentityError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                return done if isinstance(done, HttpResponse) else self._done(request, str(obj.pk), done)
        context = {**self._object_context(request, obj), "action": about, "form": form}
        return TemplateResponse(request, "admin/object_action.html", context)

    def ask_about_chosen(
        self,
        request: HttpRequest,
        chosen: "models.QuerySet[Any]",
        about: str | Question,
        perform: Callable[[dict[str, Any]], None],
    ) -> HttpResponse | None:
        """Ask about the objects chosen on a list what is asked about one, and once answered call `perform`.

        Args:
            about: the key of the action over one object, or another question.
            perform: takes the answers and does it to all that are chosen.
        """
        action = about if isinstance(about, Question) else next(a for a in self.object_actions if a.key == about)
        form = action.form(request.POST if "answered" in request.POST else None)
        if form.is_bound and form.is_valid():
            perform(form.cleaned_data)
            return None
        shown = list(chosen[: SHOWN_OF_CHOSEN + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": action.title,
            "opts": self.model._meta,
            "action": action,
            "form": form,
            "number": chosen.count(),
            "shown": shown[:SHOWN_OF_CHOSEN],
            "more": len(shown) > SHOWN_OF_CHOSEN,
            "sent": [
                (name, value)
                for name in ("action", "select_across", ACTION_CHECKBOX_NAME)
                for value in request.POST.getlist(name)
            ],
            "change_url": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/chosen_action.html", context)

    def _done(self, request: HttpRequest, object_id: str, message: str) -> HttpResponse:
        self.message_user(request, message, messages.SUCCESS)
        if self.get_object(request, object_id) is not None:
            return self.redirect_to(object_id)
        opts = self.model._meta
        return HttpResponseRedirect(reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"))

    # Sections ---------------------------------------------------------------------------------------------------------

    def section_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """One section of one object."""
        obj = self.object_or_404(request, object_id)
        section = next((s for s in sections.visible(self.model, request) if s.key == key), None)
        if section is None or not self.has_view_permission(request, obj):
            raise PermissionDenied
        return TemplateResponse(request, "admin/object_section.html", self._section_context(request, obj, section))

    def _section_context(self, request: HttpRequest, obj: models.Model, section: Section) -> dict[str, Any]:
        return {
            **self._object_context(request, obj),
            "subtitle": section.title,
            "object_tabs": self.object_tabs(request, str(obj.pk), section.key),
            "content": section.render(request, obj),
        }

    def _object_context(self, request: HttpRequest, obj: models.Model) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": str(obj),
            "opts": self.model._meta,
            "original": obj,
            "change_url": self.change_url(obj.pk),
        }

    def object_tabs(self, request: HttpRequest, object_id: str | None, active: str) -> list[dict[str, Any]]:
        """The tabs of an object's pages; none while it is being added, or when there is only one page."""
        visible = sections.visible(self.model, request)
        if object_id is None or not visible:
            return []
        opts = self.model._meta
        name = f"admin:{opts.app_label}_{opts.model_name}_section"
        tabs = [{"title": _("Record"), "url": self.change_url(object_id), "active": active == ""}]
        tabs += [
            {"title": s.title, "url": reverse(name, args=[object_id, s.key]), "active": active == s.key}
            for s in visible
        ]
        return tabs
