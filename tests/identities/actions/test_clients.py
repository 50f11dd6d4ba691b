"""API clients, tokens, associations and custom attributes."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client as OAuthClient
from allauth.idp.oidc.models import Token
from django.utils import timezone

from identities.actions import associations, attribute_definitions, clients, oauth
from identities.actors import file_actor
from identities.errors import Conflict, NotFound, NotPermitted, RuleViolation
from identities.models import ApiToken, AuditEntry, ChangeEvent, ClientAssociation, User
from identities.queries.tokens import authenticate_token
from identities.vocabulary import AdoptionRule, AttributeKind, ClientProfile
from tests.factories import actor, client_actor, make_client, make_group, make_operator, make_person

pytestmark = pytest.mark.django_db
HR = file_actor("hr")


def test_a_token_is_told_once_and_only_its_digest_kept() -> None:
    client = make_client(profile=ClientProfile.OKTA)
    text = clients.issue_token(client, actor=actor())
    assert text.startswith("scim_")
    assert len(text) >= 48
    token = authenticate_token(text)
    assert token is not None
    assert token.client == client
    stored = str(ApiToken.objects.values().get()) + str(list(AuditEntry.objects.values()))
    assert text not in stored
    assert text[12:] not in stored


def test_tokens_die_by_revocation_expiry_and_with_their_client() -> None:
    client = make_client()
    past = timezone.now() - timedelta(seconds=1)
    revoked = clients.issue_token(client, actor=actor())
    clients.revoke_token(client.tokens.get(), actor=actor())
    expired = clients.issue_token(client, actor=actor(), expires_at=past)
    live = clients.issue_token(client, actor=actor())
    assert [authenticate_token(text) is not None for text in (revoked, expired, live, "scim_x", "")] == [
        False,
        False,
        True,
        False,
        False,
    ]
    clients.update_client(client, actor=actor(), changes={"enabled": False})
    assert authenticate_token(live) is None
    clients.update_client(client, actor=actor(), changes={"enabled": True, "expires_at": past})
    assert authenticate_token(live) is None


def test_at_most_two_tokens_are_live() -> None:
    client = make_client()
    for _ in range(2):
        clients.issue_token(client, actor=actor())
    with pytest.raises(RuleViolation) as refusal:
        clients.issue_token(client, actor=actor())
    assert refusal.value.code == "too_many_tokens"
    clients.revoke_token(clients.live_tokens(client).first(), actor=actor())
    clients.issue_token(client, actor=actor())


def test_revoking_twice_is_recorded_once() -> None:
    client = make_client()
    clients.issue_token(client, actor=actor())
    token = client.tokens.get()
    clients.revoke_token(token, actor=actor())
    clients.revoke_token(token.pk, actor=actor())
    assert AuditEntry.objects.filter(verb="token.revoked").count() == 1
    with pytest.raises(NotFound):
        clients.revoke_token(0, actor=actor())


def test_clients_are_checked() -> None:
    make_client("entra")
    with pytest.raises(Conflict):
        make_client("entra")
    for wrong in (
        {"profile": "netscape"},
        {"scopes": ["everything"]},
        {"allowed_networks": ["300.1.1.1"]},
        {"adoption_rule": "always"},
        {"sight": "nobody"},
        {"bounds": "userName eq"},
        {"bounds": 'externalId eq "1"'},
        {"read_only_attributes": ["title", "custom.nonsense"]},
        {"rate_limit": 0},
    ):
        with pytest.raises(RuleViolation) as refusal:
            make_client(**wrong)
        assert refusal.value.field == next(iter(wrong))
    client = make_client(allowed_networks=["10.0.0.0/8"])
    with pytest.raises(Conflict):
        clients.update_client(client, actor=actor(), changes={"name": "entra"})
    entries = AuditEntry.objects.count()
    clients.update_client(client, actor=actor(), changes={"allowed_networks": ["10.0.0.0/8"]})
    assert AuditEntry.objects.count() == entries


def test_a_client_knows_people_by_its_own_ids() -> None:
    client, person, group = make_client(), make_person(), make_group()
    me = client_actor(client)
    assert associations.associate(client, person, actor=me, external_id="7").external_id == "7"
    assert associations.associate(client, person, actor=me).external_id == "7"
    assert associations.associate(client, group, actor=me, external_id="8").group_id == group.pk
    assert AuditEntry.objects.filter(verb="association.created").count() == 2
    assert associations.drop_association(client, person, actor=me)
    assert not associations.drop_association(client, person, actor=me)
    assert ClientAssociation.objects.get(user=person).hidden_at is not None
    again = associations.associate(client, person, actor=me, external_id="9")
    assert (again.external_id, again.hidden_at) == ("9", None)
    with pytest.raises(NotFound):
        associations.associate(client, make_operator(), actor=me)


def test_adoption_follows_the_clients_rule() -> None:
    person = make_person(by=HR, title="Countess", emails=[{"value": "a@x.test", "primary": True}])
    refusing = make_client()
    with pytest.raises(NotPermitted):
        associations.adopt(refusing, person, actor=client_actor(refusing))
    guest = make_client(adoption_rule=AdoptionRule.USER_NAME)
    assert associations.adopt(guest, person, actor=client_actor(guest)).adopted
    assert User.objects.get(pk=person.pk).default_origin == HR.origin
    heir = make_client(adoption_rule=AdoptionRule.USER_NAME, adoption_owns_lifecycle=True)
    associations.adopt(heir, person, actor=client_actor(heir), external_id="1")
    adopted = User.objects.get(pk=person.pk)
    assert adopted.default_origin == client_actor(heir).origin
    assert adopted.owners == {"user_name": HR.origin, "title": HR.origin, "emails.primary": HR.origin}
    told = AuditEntry.objects.filter(verb="association.adopted").latest("pk").changes
    assert told == {"external_id": [None, "1"], "default_origin": [HR.origin, adopted.default_origin]}
    associations.adopt(heir, person, actor=client_actor(heir), external_id="1")
    assert AuditEntry.objects.filter(verb="association.adopted").count() == 2


def test_adoption_by_address_refuses_only_those_who_proved_none() -> None:
    proved, claimed = make_person(by=HR), make_person(by=HR)
    EmailAddress.objects.create(user=proved, email="p@x.test", verified=True)
    EmailAddress.objects.create(user=claimed, email="c@x.test", verified=False)
    heir = make_client(adoption_rule=AdoptionRule.VERIFIED_EMAIL, adoption_owns_lifecycle=True)
    known = [associations.Acquaintance(person) for person in (claimed, proved)]
    refused, adopted = associations.adopt_many(heir, known, actor=client_actor(heir))
    assert isinstance(refused, NotPermitted)
    assert isinstance(adopted, ClientAssociation)
    owners = dict(User.objects.values_list("pk", "default_origin"))
    assert owners == {claimed.pk: HR.origin, proved.pk: client_actor(heir).origin}


def test_oauth_clients_follow_their_api_clients() -> None:
    made = [make_client(f"crm{number}", scopes=["read", "write_users"]) for number in range(2)]
    for client in made:
        issued = oauth.issue_oauth_credentials(client, actor=actor())
        Token.objects.create(type="at", hash=issued.client_id, client_id=issued.client_id)
    changes = {"scopes": ["read"], "enabled": False}
    clients.update_clients_many([clients.ClientUpdate(client, changes) for client in made], actor=actor())
    clients.update_client(made[0], actor=actor(), changes={"name": "other"})
    kept = OAuthClient.objects.order_by("name").values_list("name", "scopes", "default_scopes")
    assert list(kept) == [("crm1", "read", "read"), ("other", "read", "read")]
    assert not Token.objects.exists()


def test_custom_attributes_are_declared_once_and_dropped_unused() -> None:
    badge = attribute_definitions.create_attribute_definition("badge", actor=actor(), label="Badge")
    for taken in ("badge", "BADGE"):
        with pytest.raises(Conflict):
            attribute_definitions.create_attribute_definition(taken, actor=actor())
    for wrong in ("7up", "orgUnit", "a b", "x" * 61, ""):
        with pytest.raises(RuleViolation):
            attribute_definitions.create_attribute_definition(wrong, actor=actor())
    changes = {"label": "Badge number", "kind": AttributeKind.INTEGER}
    changed = attribute_definitions.update_attribute_definition(badge, actor=actor(), changes=changes)
    assert (changed.label, changed.kind) == ("Badge number", AttributeKind.INTEGER)
    make_person(**{"custom.badge": 7})
    for refused in (
        lambda: attribute_definitions.update_attribute_definition(
            badge, actor=actor(), changes={"kind": AttributeKind.STRING}
        ),
        lambda: attribute_definitions.delete_attribute_definition(badge, actor=actor()),
    ):
        with pytest.raises(RuleViolation) as refusal:
            refused()
        assert (refusal.value.code, refusal.value.facts) == ("attribute_in_use", {"users": 1})
    User.objects.update(custom={})
    attribute_definitions.delete_attribute_definition(badge, actor=actor())
    assert not ChangeEvent.objects.exclude(kind__startswith="user.").exists()
