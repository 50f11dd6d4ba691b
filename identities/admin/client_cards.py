"""Set-up cards: what an administrator enters and ticks on the other side, for Entra ID, Okta and any other client.

Sources: Microsoft Learn, "Tutorial: Develop and plan provisioning for a SCIM endpoint in Microsoft Entra ID"; Okta
developer documentation, "Build
your SCIM API service" and help "Add SCIM provisioning to app integrations".
"""

from django.conf import settings
from django.utils.translation import gettext as _

from identities.admin.shown_once import Card
from identities.vocabulary import ClientProfile


def base_url() -> str:
    """Where SCIM clients send their requests."""
    return f"{settings.PORTAL_PUBLIC_URL.rstrip('/')}/scim/v2"


def token_url() -> str:
    """Where a client gets OAuth tokens."""
    return f"{settings.PORTAL_PUBLIC_URL.rstrip('/')}/oauth/token"


def setup_cards(profile: str) -> tuple[Card, ...]:
    """The cards that fit a client's profile."""
    cards = {ClientProfile.ENTRA.value: _entra(), ClientProfile.OKTA.value: _okta()}
    return (cards[profile],) if profile in cards else (_any(), _entra(), _okta())


def _entra() -> Card:
    return Card(
        _("Microsoft Entra ID"),
        (
            _("Enterprise applications, New application, Create your own application, Non-gallery."),
            _("Provisioning, Get started, Provisioning mode: Automatic."),
            _("Tenant URL: %(url)s") % {"url": base_url()},
            _("Secret token: the token of this client. Then Test connection."),
            _("Mappings: leave userName, externalId and active as they are; map the others as you need."),
            _("Users and groups: assign who is to be provisioned. Settings, Scope: assigned users and groups only."),
            _("Provisioning status: On."),
        ),
    )


def _okta() -> Card:
    return Card(
        _("Okta"),
        (
            _("Applications, Create App Integration (or an existing one), General, App settings: Provisioning SCIM."),
            _("Provisioning, Integration. SCIM connector base URL: %(url)s") % {"url": base_url()},
            _("Unique identifier field for users: userName."),
            _("Tick Push New Users, Push Profile Updates and Push Groups."),
            _("Authentication mode: HTTP Header; Authorization: the token of this client. Then test it."),
            _("To App: tick Create Users, Update User Attributes and Deactivate Users."),
            _("Leave Sync Password off: passwords are not taken."),
            _("Push Groups: choose the groups."),
        ),
    )


def _any() -> Card:
    return Card(
        _("Any SCIM 2.0 client"),
        (
            _("Base URL: %(url)s") % {"url": base_url()},
            _("Authentication: OAuth bearer token; the token of this client."),
            _("Or OAuth 2.0 client credentials: token URL %(url)s, with the OAuth credentials of this client.")
            % {"url": token_url()},
        ),
    )
