"""How the administrative portal looks, and its menu: the portal's own words instead of a list of models."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def _allowed(permission: str) -> Callable[[HttpRequest], bool]:
    def allowed(request: HttpRequest) -> bool:
        return request.user.has_perm(permission)  # type: ignore[union-attr]

    return allowed


def _item(title: Promise, icon: str, model: str) -> dict[str, Any]:
    """A menu item that opens the list of `model` (`identities.user`) for those who may see it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _allowed(f"{app}.view_{name}"),
    }


def _group(title: Promise, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


def _menu() -> list[dict[str, Any]]:
    front_page = {"title": _("Front page"), "icon": "home", "link": reverse_lazy("admin:index")}
    return [
        {"items": [front_page]},
        _group(
            _("Identities"),
            _item(_("People"), "person", "identities.user"),
            _item(_("Groups"), "group", "identities.group"),
            _item(_("Org units"), "account_tree", "identities.orgunit"),
            _item(_("Custom attributes"), "list_alt", "identities.attributedefinition"),
        ),
        _group(
            _("Sources"),
            _item(_("Imports and other runs"), "upload_file", "connectors.run"),
            _item(_("Import profiles"), "table_view", "connectors.importprofile"),
            _item(_("API clients"), "api", "identities.apiclient"),
        ),
        _group(
            _("SCIM"),
            _item(_("Requests"), "receipt_long", "identities.clientrequest"),
            {
                "title": _("Try a request"),
                "icon": "terminal",
                "link": reverse_lazy("admin:scim_console"),
                "permission": _allowed("identities.change_apiclient"),
            },
            _item(_("Self-tests"), "fact_check", "identities.selftest"),
        ),
        _group(
            _("Systems"),
            _item(_("Connected systems"), "hub", "connectors.connectedsystem"),
            _item(_("Operations"), "sync", "connectors.operation"),
            _item(_("Links"), "link", "connectors.link"),
        ),
        _group(
            _("Control"),
            _item(_("Audit trail"), "history", "identities.auditentry"),
            _item(_("Administrators"), "shield_person", "identities.administrator"),
            _item(_("Administrator roles"), "badge", "auth.group"),
        ),
    ]


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Provisioning portal"),
    "SITE_HEADER": _("Provisioning portal"),
    "SITE_ICON": lambda request: static("portal.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("portal.svg")},
    ],
    "DASHBOARD_CALLBACK": "provisioning_portal.front_page.dashboard_callback",
    "SITE_URL": None,
    "ACCOUNT": {
        "navigation": [
            {"title": _("Own record"), "link": reverse_lazy("own_record")},
            {"title": _("Change password"), "link": reverse_lazy("account_change_password")},
            {"title": _("Two-factor"), "link": reverse_lazy("mfa_index")},
        ]
    },
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SCRIPTS": [lambda request: static("choice_labels.js")],
    "STYLES": [lambda request: static("portal_admin.css")],
    "COLORS": {
        "primary": {
            "50": "oklch(96.2% .018 272.314)",
            "100": "oklch(93% .034 272.788)",
            "200": "oklch(87% .065 274.039)",
            "300": "oklch(78.5% .115 274.713)",
            "400": "oklch(67.3% .182 276.935)",
            "500": "oklch(58.5% .233 277.117)",
            "600": "oklch(51.1% .262 276.966)",
            "700": "oklch(45.7% .24 277.023)",
            "800": "oklch(39.8% .195 277.366)",
            "900": "oklch(35.9% .144 278.697)",
            "950": "oklch(25.7% .09 281.288)",
        },
    },
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": _menu()},
}
