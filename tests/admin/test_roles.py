"""Who may open and do what: every address of the admin, for every role."""

from __future__ import annotations

from typing import Final

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.admin.addresses import pages
from tests.admin.conftest import signed_in
from tests.admin.test_pages import one_of_each
from tests.admin.world import World

ROLES: Final = ("superuser", "operator", "auditor", "person", "anonymous")
# What is sent where something is done: enough for the action, were it allowed.
SENT: Final = {
    "reason": "because",
    "confirmed": "yes",
    "names": "paula",
    "policy": "leave",
    "name": "System 00",
    "prefix": "x",
    "remote_id": "1",
    "value": "other",
    "post": "yes",
    "save": "yes",
}
SENT_AWAY: Final = ((302, "/admin/login/"), (302, "/accounts/login/"), (302, "/"))
# GET and POST for superuser, operator, auditor: S is shown (200), M moved on (302: done, or nothing to do), X refused
# (403), N no such method (405). Persons are sent home, everybody else to the sign-in.
EXPECTED: Final[dict[str, str]] = {
    "search": "SS SS SS",
    "index": "SS SS SS",
    "password_change": "MM MM MM",
    "autocomplete user.manager": "SN SN SN",
    "autocomplete user.org_unit": "SN SN SN",
    "autocomplete orgunit.parent": "SN SN SN",
    "autocomplete orgunit.manager": "SN SN SN",
    "autocomplete scope_groups": "SN SN SN",
    "autocomplete scope_org_units": "SN SN SN",
    "jsi18n": "SN SN SN",
    "identities_administrator_do password": "SS XX XX",
    "identities_administrator_do second_factor": "SS XX XX",
    "identities_administrator_do suspend": "SM XX XX",
    "identities_administrator_do lift": "SM XX XX",
    "identities_administrator_changelist": "SS SS SS",
    "identities_administrator_add": "SS XX XX",
    "identities_administrator_history": "MM MM MM",
    "identities_administrator_delete": "SM XX XX",
    "identities_administrator_change": "SS SX SX",
    "auth_group_changelist": "SS XX XX",
    "auth_group_add": "XX XX XX",
    "auth_group_history": "MM MM MM",
    "auth_group_delete": "XX XX XX",
    "auth_group_change": "SX XX XX",
    "identities_attributedefinition_changelist": "SS SS SS",
    "identities_attributedefinition_add": "SS SS XX",
    "identities_attributedefinition_history": "MM MM MM",
    "identities_attributedefinition_delete": "SM SM XX",
    "identities_attributedefinition_change": "SS SS SX",
    "identities_auditentry_changelist": "SS SS SS",
    "identities_auditentry_add": "XX XX XX",
    "identities_auditentry_history": "MM MM MM",
    "identities_auditentry_delete": "XX XX XX",
    "identities_auditentry_change": "SX SX SX",
    "identities_apiclient_section setup": "SS SS SS",
    "identities_apiclient_section requests": "SS SS SS",
    "identities_apiclient_section history": "SS SS SS",
    "identities_apiclient_do token": "SS XX XX",
    "identities_apiclient_do revoke": "SS XX XX",
    "identities_apiclient_do oauth": "SS XX XX",
    "identities_apiclient_do revoke-oauth": "SM XX XX",
    "identities_apiclient_changelist": "SS SS SS",
    "identities_apiclient_add": "SS XX XX",
    "identities_apiclient_history": "MM MM MM",
    "identities_apiclient_delete": "XX XX XX",
    "identities_apiclient_change": "SS SX SX",
    "identities_clientrequest_changelist": "SS SS SS",
    "identities_clientrequest_add": "XX XX XX",
    "identities_clientrequest_history": "MM MM MM",
    "identities_clientrequest_delete": "XX XX XX",
    "identities_clientrequest_change": "SX SX SX",
    "identities_selftest_changelist": "SS SS SS",
    "identities_selftest_add": "SM XX XX",
    "identities_selftest_history": "MM MM MM",
    "identities_selftest_delete": "XX XX XX",
    "identities_selftest_change": "SX SX SX",
    "scim_console": "SS XX XX",
    "identities_group_section members": "SS SS SS",
    "identities_group_section accounts": "SS SS SS",
    "identities_group_section history": "SS SS SS",
    "identities_group_do add": "SM SM XX",
    "identities_group_do remove": "SM SM XX",
    "identities_group_do restore": "SM SM XX",
    "identities_group_changelist": "SS SS SS",
    "identities_group_add": "SS SS XX",
    "identities_group_history": "MM MM MM",
    "identities_group_delete": "SM SM XX",
    "identities_group_change": "SS SS SX",
    "identities_orgunit_section accounts": "SS SS SS",
    "identities_orgunit_section history": "SS SS SS",
    "identities_orgunit_changelist": "SS SS SS",
    "identities_orgunit_add": "SS SS XX",
    "identities_orgunit_history": "MM MM MM",
    "identities_orgunit_do rename": "SS SS XX",
    "identities_orgunit_do manager": "SM SM XX",
    "identities_orgunit_do move": "SM SM XX",
    "identities_orgunit_do close": "SM SM XX",
    "identities_orgunit_delete": "XX XX XX",
    "identities_orgunit_change": "SX SX SX",
    "identities_user_override user_name": "SM SM XX",
    "identities_user_override manager": "SS SS XX",
    "identities_user_override org_unit": "SS SS XX",
    "identities_user_override start_date": "SS SS XX",
    "identities_user_override custom.badge": "SM SM XX",
    "identities_user_section groups": "SS SS SS",
    "identities_user_section accounts": "SS SS SS",
    "identities_user_section history": "SS SS SS",
    "identities_user_do suspend": "SM SM XX",
    "identities_user_do lift": "SM SM XX",
    "identities_user_do lift_all": "SM SM XX",
    "identities_user_do activate": "SM SM XX",
    "identities_user_do deprovision": "SM SM XX",
    "identities_user_do release": "SS SS XX",
    "identities_user_do restore": "SM SM XX",
    "identities_user_do password": "SS SS XX",
    "identities_user_do second_factor": "SS SS XX",
    "identities_user_changelist": "SS SS SS",
    "identities_user_add": "SS SS XX",
    "identities_user_history": "MM MM MM",
    "identities_user_delete": "SM SM XX",
    "identities_user_change": "SS SS SX",
    "connectors_importprofile_section mapping": "SS SS SS",
    "connectors_importprofile_section history": "SS SS SS",
    "connectors_importprofile_changelist": "SS SS SS",
    "connectors_importprofile_add": "SS SS XX",
    "connectors_importprofile_history": "MM MM MM",
    "connectors_importprofile_delete": "SS SS XX",
    "connectors_importprofile_change": "SS SS SX",
    "connectors_run_section rows": "SS SS SS",
    "connectors_run_section history": "SS SS SS",
    "connectors_run_do apply": "SS SS XX",
    "connectors_run_do cancel": "SM SM XX",
    "connectors_run_do undo": "SS SS XX",
    "connectors_run_changelist": "SS SS SS",
    "connectors_run_add": "SS SS XX",
    "connectors_run_history": "MM MM MM",
    "connectors_run_delete": "XX XX XX",
    "connectors_run_change": "SM SM SX",
    "connectors_link_do unlink": "SS SS XX",
    "connectors_link_do match": "SS SS XX",
    "connectors_link_changelist": "SS SS SS",
    "connectors_link_add": "XX XX XX",
    "connectors_link_history": "MM MM MM",
    "connectors_link_delete": "XX XX XX",
    "connectors_link_change": "SX SX SX",
    "connectors_operation_do retry": "SS SS XX",
    "connectors_operation_do skip": "SS SS XX",
    "connectors_operation_do cancel": "SS SS XX",
    "connectors_operation_do release": "SS SS XX",
    "connectors_operation_do reject": "SS SS XX",
    "connectors_operation_changelist": "SS SS SS",
    "connectors_operation_add": "XX XX XX",
    "connectors_operation_history": "MM MM MM",
    "connectors_operation_delete": "XX XX XX",
    "connectors_operation_change": "SX SX SX",
    "connectors_connectedsystem_explain user": "SS SS SS",
    "connectors_connectedsystem_explain group": "SS SS SS",
    "connectors_connectedsystem_trace user": "SS SS SS",
    "connectors_connectedsystem_provision user": "NM NM XX",
    "connectors_connectedsystem_provision group": "NM NM XX",
    "connectors_connectedsystem_explain org_unit": "SS SS SS",
    "connectors_connectedsystem_provision org_unit": "NM NM XX",
    "connectors_connectedsystem_section mappings": "SS SS SS",
    "connectors_connectedsystem_section history": "SS SS SS",
    "connectors_connectedsystem_do test": "SS SS XX",
    "connectors_connectedsystem_do discover": "SS SS XX",
    "connectors_connectedsystem_do preview": "SS SS XX",
    "connectors_connectedsystem_do resume": "SS SS XX",
    "connectors_connectedsystem_do push": "SM SM XX",
    "connectors_connectedsystem_do pause": "SM SM XX",
    "connectors_connectedsystem_do delete": "SM SM XX",
    "connectors_connectedsystem_changelist": "SS SS SS",
    "connectors_connectedsystem_add": "SS SS XX",
    "connectors_connectedsystem_history": "MM MM MM",
    "connectors_connectedsystem_delete": "XX XX XX",
    "connectors_connectedsystem_change": "SS SS SX",
}


def _kinds(addresses: dict[str, str]) -> dict[str, str]:
    """One address for each line of the table: further queries and pages of a list have its rights."""
    return {name: each for name, each in addresses.items() if "?" not in name and not name.endswith("page 2")}


def _letter(status: int) -> str:
    return {200: "S", 302: "M", 403: "X", 405: "N"}[status]


def _answers(client: Client, addresses: dict[str, str]) -> dict[str, str]:
    """How GET and POST of each address are answered; what a POST changes is undone."""
    found = {}
    for name, address in addresses.items():
        with transaction.atomic():
            found[name] = _letter(client.get(address).status_code) + _letter(client.post(address, SENT).status_code)
            transaction.set_rollback(True)
    return found


@pytest.fixture(scope="module")
def addresses(world: World) -> dict[str, str]:
    """Every address by name."""
    return _kinds(pages(one_of_each(world)))


def _stored() -> dict[str, object]:
    """Everything in the portal's own tables."""
    own = [model for label in ("identities", "connectors") for model in apps.get_app_config(label).get_models()]
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in own}


@pytest.mark.django_db
@pytest.mark.parametrize("place", range(3), ids=ROLES[:3])
def test_administrators_may_do_what_their_role_says(place: int, world: World, addresses: dict[str, str]) -> None:
    client = signed_in(getattr(world, ROLES[place]))
    assert _answers(client, addresses) == {name: EXPECTED[name].split()[place] for name in addresses}


@pytest.mark.django_db
def test_an_auditor_changes_nothing(world: World, addresses: dict[str, str]) -> None:
    client, before = signed_in(world.auditor), _stored()
    for address in addresses.values():
        client.post(address, SENT)
    chosen = {"action": "suspend_chosen", "_selected_action": [str(world.person.pk)]}
    client.post(reverse("admin:identities_user_changelist"), chosen)
    assert _stored() == before


@pytest.mark.django_db
def test_persons_are_sent_home_and_strangers_to_the_sign_in(world: World, addresses: dict[str, str]) -> None:
    person, stranger = signed_in(world.person), Client()
    for name, address in addresses.items():
        for answer in (person.get(address), person.post(address, SENT)):
            assert (answer.status_code, answer["Location"].partition("?")[0]) in SENT_AWAY, name
        for answer in (stranger.get(address), stranger.post(address, SENT)):
            assert answer.status_code == 302, name
            assert answer["Location"].startswith(("/admin/login/", "/accounts/login/")), name
    assert person.get("/admin/", follow=True).redirect_chain[-1] == ("/", 302)


@pytest.mark.django_db
def test_administrators_are_not_reached_through_the_pages_of_people(world: World) -> None:
    client = signed_in(world.operator)
    before = _stored()
    for page, extra in (("change", ()), ("delete", ()), ("do", ("password",)), ("do", ("suspend",))):
        address = reverse(f"admin:identities_user_{page}", args=[world.superuser.pk, *extra])
        assert client.post(address, SENT).status_code in (302, 404)
    assert _stored() == before
