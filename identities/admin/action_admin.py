"""The base of every admin class here: pages show and translate, `identities.actions` and their like change."""

from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from identities.actors import Actor, admin_actor
from identities.admin.object_actions import ObjectAction
from identities.admin.sections import Section, sections
from identities.errors import IdentityError
from identities.models import User

REFUSAL = "_portal_refusal"
NO_SAVING = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}


def actor_of(request: HttpRequest, reason: str = "") -> Actor:
    """The signed-in administrator as the actor of what this request changes."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return admin_actor(user.pk, user.name_for_people, get_client_ip(request)).because(reason)


class RefusableForm(ModelForm):  # type: ignore[type-arg]
    """A form that shows, on its second pass, what the action refused at the first: on the field it is about."""

    refusal: IdentityError | None = None
    field_of_attribute: dict[str, str] = {}

    def clean(self) -> dict[str, Any] | None:
        """Add the refusal, if there is one."""
        cleaned = super().clean()
        if self.refusal is not None:
            field = self.field_of_attribute.get(self.refusal.field or "", self.refusal.field)
            self.add_error(field if field in self.fields else None, ValidationError(self.refusal.message))
        return cleaned

    def validate_unique(self) -> None:
        """Left to the action, whose words are better."""


class ActionModelAdmin(ModelAdmin):
    """Saves and deletes by actions only. A subclass defines `write` (and `remove` where deleting is offered).

    `is_edited` says whether an object, once there, is changed by its form; otherwise only by its buttons.

    A refusal by an action (IdentityError) is shown on the form it came from, with everything that was typed.
    """

    form = RefusableForm
    object_actions: tuple[ObjectAction, ...] = ()
    is_edited = True
    change_form_template = "admin/object_change_form.html"
    compressed_fields = True
    list_per_page = 50
    show_full_result_count = False

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> models.Model:
        """Carry out what the form asks for by an action and return the object as it now stands."""
        raise PermissionDenied

    def remove(self, request: HttpRequest, objects: "models.QuerySet[Any]") -> None:
        """Delete by an action."""
        raise PermissionDenied

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Nothing: `save_related` has the whole form."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Hand the whole form to `write`."""
        form.instance.pk = self.write(request, form, list(formsets), change).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one by the action."""
        self.remove(request, self.model._default_manager.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete the chosen ones by the action."""
        self.remove(request, queryset)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form; when the action refuses, once more with the refusal."""
        context = {
            **(extra_context or {}),
            "object_tabs": self.object_tabs(request, object_id, ""),
            "object_buttons": self.object_buttons(request, object_id),
            **(NO_SAVING if object_id and not self.is_edited else {}),
        }
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except IdentityError as refusal:
            setattr(request, REFUSAL, refusal)
            return super().changeform_view(request, object_id, form_url, context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class, told of the refusal if there was one."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, REFUSAL, None)})

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Confirm and delete; a refusal becomes a message on the object's page."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except IdentityError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(self.change_url(object_id))

    def construct_change_message(self, *args: Any) -> str:
        """Nothing: the audit trail says what changed."""
        return ""

    def log_addition(self, *args: Any) -> None:
        """The audit trail is written by the action."""

    def log_change(self, *args: Any) -> None:
        """The audit trail is written by the action."""

    def log_deletions(self, *args: Any) -> None:
        """The audit trail is written by the action."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The object's part of the audit trail."""
        return HttpResponseRedirect(
            f"{reverse('admin:identities_auditentry_changelist')}?subject_id__exact={unquote(object_id)}"
        )

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
        return [
            path("<path:object_id>/section/<slug:key>/", view(self.section_view), name=f"{name}_section"),
            path("<path:object_id>/do/<slug:key>/", view(self.object_action_view), name=f"{name}_do"),
            *super().get_urls(),
        ]

    def object_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The object with this id as this administrator may see it."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        return obj

    # Things that can be done ------------------------------------------------------------------------------------------

    def object_buttons(self, request: HttpRequest, object_id: str | None) -> list[dict[str, Any]]:
        """The buttons for what can be done to this object by this administrator."""
        obj = self.get_object(request, unquote(object_id)) if object_id and self.object_actions else None
        if obj is None or not self.has_change_permission(request, obj):
            return []
        name = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_do"
        return [
            {"title": action.title, "url": reverse(name, args=[object_id, action.key]), "danger": action.dangerous}
            for action in self.object_actions
            if action.offered(obj)
        ]

    def object_action_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """Ask, and on POST do."""
        obj = self.object_or_404(request, object_id)
        action = next((a for a in self.object_actions if a.key == key), None)
        if action is None or not self.has_change_permission(request, obj):
            raise PermissionDenied
        form = action.form(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            try:
                done = action.perform(request, obj, form.cleaned_data)
            except IdentityError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                return done if isinstance(done, HttpResponse) else self._done(request, object_id, done)
        context = {**self._object_context(request, obj), "action": action, "form": form}
        return TemplateResponse(request, "admin/object_action.html", context)

    def _done(self, request: HttpRequest, object_id: str, message: str) -> HttpResponse:
        self.message_user(request, message, messages.SUCCESS)
        return self.redirect_to(unquote(object_id))

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


class ReadOnlyAdmin(ModelAdmin):
    """Shows and never changes."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False
