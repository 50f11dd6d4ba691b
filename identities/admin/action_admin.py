"""The base of every admin class here: pages show and translate, `identities.actions` and their like change."""

from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from identities.actors import Actor, admin_actor
from identities.admin.object_actions import Question, ReasonForm
from identities.admin.object_pages import ObjectPages
from identities.errors import IdentityError
from identities.models import User

REFUSAL = "_portal_refusal"
# Django's name of the action over chosen objects.
DELETE_CHOSEN = "delete_selected"
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


class ActionModelAdmin(ObjectPages):
    """Saves and deletes by actions only. A subclass defines `write` (and `remove` where deleting is offered).

    `is_edited` says whether an object, once there, is changed by its form; otherwise only by its buttons.
    `deletion_words` say what deleting means.

    A refusal by an action (IdentityError) is shown on the form it came from, with everything that was typed.
    """

    form = RefusableForm
    is_edited = True
    deletion_words: Any = ""
    change_form_template = "admin/object_change_form.html"
    compressed_fields = True

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> models.Model:
        """Carry out what the form asks for by an action and return the object as it now stands."""
        raise PermissionDenied

    def remove(self, request: HttpRequest, objects: "models.QuerySet[Any]", reason: str = "") -> None:
        """Delete by an action."""
        raise PermissionDenied

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Nothing: `save_related` has the whole form."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Hand the whole form to `write`."""
        form.instance.pk = self.write(request, form, list(formsets), change).pk

    def delete_queryset(self, request: HttpRequest, queryset: Any, reason: str = "") -> None:
        """Delete the chosen ones by the action, or none of them."""
        with transaction.atomic():
            self.remove(request, queryset, reason)

    def get_actions(self, request: HttpRequest) -> Any:
        """What can be done to chosen objects; deleting them asks as everything else does."""
        found = super().get_actions(request)
        if DELETE_CHOSEN in found:
            found[DELETE_CHOSEN] = (ActionModelAdmin.delete_chosen, *found[DELETE_CHOSEN][1:])
        return found

    def delete_chosen(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """Delete the chosen ones, once the reason is given."""

        def perform(cleaned: dict[str, Any]) -> None:
            told = {"number": queryset.count(), "names": self.opts.verbose_name_plural}
            self.delete_queryset(request, queryset, cleaned["reason"])
            self.message_user(request, _("Deleted: %(number)d %(names)s.") % told, messages.SUCCESS)

        return self.ask_about_chosen(request, queryset, self._deletion_question, perform)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list; what was refused to the chosen ones becomes a message on it."""
        try:
            return super().changelist_view(request, extra_context)
        except IdentityError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form; when the action refuses, once more with the refusal."""
        obj = self.get_object(request, unquote(object_id)) if object_id else None
        context = {
            **(extra_context or {}),
            "object_tabs": self.object_tabs(request, object_id, ""),
            "object_buttons": self.object_buttons(request, obj) if obj else [],
            "object_facts": self.object_facts(request, obj) if obj else [],
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
        """Delete one, once the reason is given as for several."""
        obj = self.object_or_404(request, object_id)
        if not self.has_delete_permission(request, obj):
            raise PermissionDenied
        question = self._deletion_question

        def perform(cleaned: dict[str, Any]) -> HttpResponse:
            self.delete_queryset(request, self.get_queryset(request).filter(pk=obj.pk), cleaned["reason"])
            return self.response_delete(request, str(obj), obj.pk)

        return self.ask(request, obj, question, question.form(request.POST or None), perform)

    @property
    def _deletion_question(self) -> Question:
        return Question(_("Delete"), self.deletion_words, form=ReasonForm, dangerous=True)

    def construct_change_message(self, *args: Any) -> str:
        """Nothing: the audit trail says what changed."""
        return ""

    def log_addition(self, *args: Any) -> None:
        """The audit trail is written by the action."""

    def log_change(self, *args: Any) -> None:
        """The audit trail is written by the action."""

    def log_deletions(self, *args: Any) -> None:
        """The audit trail is written by the action."""


class ReadOnlyAdmin(ObjectPages):
    """Shows and never changes."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False
