"""The admin site: Unfold's, with the portal's own sign-in."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

OWN_APPS: Final = frozenset({"auth", "connectors", "identities", "selfservice"})


class Choices(AutocompleteJsonView):
    """What can be chosen where one types, each as its pages tell it from others like it."""

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        """One choice."""
        return {**super().serialize_result(obj, to_field_name), "text": self.model_admin.choice_text(obj)}


class PortalAdminSite(UnfoldAdminSite):
    """The one admin site. Who signs in, does so where everybody does; Django's own login form is never shown."""

    site_title = _("Provisioning portal")
    site_header = _("Provisioning portal")
    index_title = _("Front page")

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        """Take pages of the portal's own apps. Those that libraries bring would show second factors and write past
        the actions and the audit trail.
        """
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        super().register([model for model in models if model._meta.app_label in OWN_APPS], admin_class, **options)

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[URLPattern] = []

    def add_page(self, address: str, view: Callable[[HttpRequest], HttpResponse], name: str) -> None:
        """Add a page of no model's; known before the addresses are asked for."""
        self._pages.append(path(address, self.admin_view(view), name=name))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The admin's addresses."""
        return [*self._pages, *super().get_urls()]

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """What can be chosen."""
        return Choices.as_view(admin_site=self)(request)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:
        """The menu says what there is; an app's name leads to the front page."""
        return HttpResponseRedirect(reverse("admin:index"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """One's own password is changed where everybody changes theirs."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send whoever may not see the admin to the portal's sign-in, or home when signed in without a role."""
        if request.user.is_authenticated and not self.has_permission(request):
            return HttpResponseRedirect("/")
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
            target = reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        return redirect_to_login(target)
