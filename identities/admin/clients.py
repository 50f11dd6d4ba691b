"""API clients: what they may do, their tokens, and how to set the other side up."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.actions import clients, oauth
from identities.admin.action_admin import ActionModelAdmin, actor_of
from identities.admin.client_cards import setup_cards
from identities.admin.client_form import ClientForm, IssueForm, TokenForm
from identities.admin.client_requests import reason_of
from identities.admin.note_words import note_in_words
from identities.admin.object_actions import Fact, ObjectAction
from identities.admin.sections import Section, sections
from identities.admin.shown_once import shown_once
from identities.admin.words import in_words, moment_in_words
from identities.errors import NotFound
from identities.models import ApiClient
from identities.queries.client_expiry import expiry_of

REQUESTS_PER_PAGE = 100


def _issue(request: HttpRequest, client: ApiClient, cleaned: dict[str, Any]) -> HttpResponse:
    token = clients.issue_token(client, actor=actor_of(request), expires_at=_end_of(cleaned["last_day"]))
    return shown_once(
        request, client, _("Token of %(client)s") % {"client": client}, token, setup_cards(client.profile)
    )


def _end_of(last_day: date | None) -> datetime | None:
    """The moment after the last day, in the portal's time zone."""
    if last_day is None:
        return None
    return timezone.make_aware(datetime.combine(last_day + timedelta(days=1), time.min))


def _issue_oauth(request: HttpRequest, client: ApiClient, cleaned: dict[str, Any]) -> HttpResponse:
    made = oauth.issue_oauth_credentials(client, actor=actor_of(request))
    told = f"client_id: {made.client_id}\nclient_secret: {made.client_secret}"
    heading = _("OAuth credentials of %(client)s") % {"client": client}
    return shown_once(request, client, heading, told, setup_cards(client.profile))


def _revoke_oauth(request: HttpRequest, client: ApiClient, cleaned: dict[str, Any]) -> str:
    oauth.revoke_oauth_credentials(client, actor=actor_of(request))
    return _("The credentials and every token got with them are refused from now on.")


def _revoke(request: HttpRequest, client: ApiClient, cleaned: dict[str, Any]) -> str:
    token = clients.live_tokens(client).filter(prefix=cleaned["prefix"].removesuffix("…")).first()
    if token is None:
        raise NotFound("token_not_found", _("No live token starts with this."), field="prefix")
    clients.revoke_token(token, actor=actor_of(request))
    return _("The token is revoked; it is refused from now on.")


@admin.register(ApiClient)
class ApiClientAdmin(ActionModelAdmin):
    """Programs that speak SCIM to the portal. Tokens are shown once and kept as hashes only."""

    form = ClientForm
    list_display = ("name", "kind", "enabled", "expires_at", "last_used_at")
    list_filter = ("profile", "enabled")
    search_fields = ("name",)
    empty_words = gettext_lazy(
        "An API client is a program that brings people and groups by SCIM, such as Microsoft Entra ID or Okta. Add "
        "one, issue its token, and follow the set-up on its page."
    )
    object_actions = (
        ObjectAction(
            "token",
            gettext_lazy("Issue a token"),
            gettext_lazy("At most two are live, so that one can be replaced without a gap."),
            _issue,
            form=IssueForm,
        ),
        ObjectAction(
            "revoke",
            gettext_lazy("Revoke a token"),
            gettext_lazy("Requests with it are refused from now on."),
            _revoke,
            form=TokenForm,
            dangerous=True,
        ),
        ObjectAction(
            "oauth",
            gettext_lazy("Issue OAuth credentials"),
            gettext_lazy(
                "An id and a secret with which the client gets tokens that are good for an hour. If it has a secret "
                "already, that one is replaced at once."
            ),
            _issue_oauth,
        ),
        ObjectAction(
            "revoke-oauth",
            gettext_lazy("Revoke OAuth credentials"),
            gettext_lazy("The credentials and every token got with them are refused from now on."),
            _revoke_oauth,
            offered=lambda client: client.oauth_client_id is not None,
            dangerous=True,
        ),
    )

    @admin.display(description=gettext_lazy("Profile"), ordering="profile")
    def kind(self, client: ApiClient) -> str:
        """The profile in words."""
        return in_words(client.profile)

    def object_facts(self, request: HttpRequest, obj: ApiClient) -> list[Fact]:
        """When it called last, and what will keep it from calling."""
        facts = [Fact(_("Last used"), moment_in_words(obj.last_used_at))]
        expiry = expiry_of(obj)
        if expiry is not None:
            label = _("Its last token expires") if expiry.of_token else _("It expires")
            facts.append(Fact(label, moment_in_words(expiry.at), level="bad" if expiry.is_past else "wait"))
        return facts

    def response_add(self, request: HttpRequest, obj: ApiClient, post_url_continue: Any = None) -> HttpResponse:
        """On to the new client's page, where its token is issued."""
        self.message_user(request, _("%(client)s is added. Issue its token now.") % {"client": obj}, "SUCCESS")
        return self.redirect_to(obj.pk)

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> ApiClient:
        """Create or change."""
        actor = actor_of(request)
        if not change:
            values = {name: value for name, value in form.cleaned_data.items() if name != "enabled"}
            return clients.create_client(actor=actor, **values)
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        return clients.update_client(form.instance.pk, actor=actor, changes=changes)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A client is disabled, not deleted: what it asserted still names it."""
        return False


def _requests(request: HttpRequest, client: Any) -> SafeString:
    page = Paginator(client.requests.order_by("-at", "-id"), REQUESTS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"entry": each, "reason": reason_of(each), "notes": map(note_in_words, each.notes)} for each in page]
    context = {"page": page, "rows": rows, "client": client}
    return render_to_string("admin/identities/client_requests.html", context, request)


def _setup(request: HttpRequest, client: Any) -> SafeString:
    tokens = client.tokens.order_by("-created_at")[:20]
    context = {"cards": setup_cards(client.profile), "tokens": tokens, "oauth_id": client.oauth_client_id}
    return render_to_string("admin/identities/client_setup.html", context, request)


sections.register("identities.ApiClient", Section("setup", gettext_lazy("Set-up"), "identities.view_apiclient", _setup))
sections.register(
    "identities.ApiClient", Section("requests", gettext_lazy("Requests"), "identities.view_apiclient", _requests)
)
