"""The shape of every action: a keyword-only actor, one audit entry and one change event for each subject it changes."""

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest
from django.apps import apps

from identities import actions
from identities.actions import telling
from identities.models import AuditEntry, ChangeEvent
from identities.vocabulary import Verb
from tests.identities.actions.cases import CASES

pytestmark = pytest.mark.django_db

# Modules that actions are made of; no face calls them. All others are rooms, whose every public function is an action.
PARTS = {
    "allauth_clients",
    "attempts",
    "batches",
    "chunks",
    "client_limits",
    "guards",
    "handover",
    "membership_rows",
    "membership_telling",
    "row_writing",
    "telling",
    "token_revocation",
    "turns",
    "user_changes",
}
# Public, and no action: they read or check.
READING = {
    "administrators.role_of",
    "associations.check_external_id",
    "clients.live_tokens",
    "clients.lock_client",
    "credentials.check_password_strength",
}
# Their subject is no identity object of a connected system: nobody out there has to be told.
WITHOUT_EVENTS = {
    "administrators.ensure_roles",
    "administrators.set_role",
    "associations.adopt",
    "associations.adopt_many",
    "associations.associate",
    "associations.associate_many",
    "associations.drop_association",
    "associations.drop_associations_many",
    "attribute_definitions.create_attribute_definition",
    "attribute_definitions.create_attribute_definitions_many",
    "attribute_definitions.delete_attribute_definition",
    "attribute_definitions.delete_attribute_definitions_many",
    "attribute_definitions.update_attribute_definition",
    "attribute_definitions.update_attribute_definitions_many",
    "clients.create_client",
    "clients.create_clients_many",
    "clients.issue_token",
    "clients.record_trial",
    "clients.revoke_token",
    "clients.revoke_tokens_many",
    "clients.update_client",
    "clients.update_clients_many",
    "credentials.issue_one_time_password",
    "credentials.record_address",
    "credentials.record_failed_sign_in",
    "credentials.record_second_factor",
    "credentials.record_sign_in",
    "credentials.remove_second_factors",
    "credentials.set_password",
    "oauth.issue_oauth_credentials",
    "oauth.record_oauth_token",
    "oauth.revoke_oauth_credentials",
    "person_tokens.issue_person_token",
    "person_tokens.revoke_person_token",
    "person_tokens.revoke_person_tokens_many",
    "self_tests.finish_self_test",
    "self_tests.start_self_test",
}
# Nobody is signed in when a sign-in fails.
WITHOUT_ACTOR = {"credentials.record_failed_sign_in"}
# One statement, which is the whole of it.
ONLY_RECORD = {
    "credentials.record_address",
    "credentials.record_failed_sign_in",
    "credentials.record_sign_in",
    "oauth.record_oauth_token",
    "clients.record_trial",
}
# About one person or one administrator by nature, and why.
WITHOUT_BATCH_FORM = {
    "administrators.create_operator": "each has a password of its own",
    "administrators.ensure_roles": "makes all of them",
    "administrators.set_role": "decided for one administrator at a time, by a superuser",
    "clients.issue_token": "its text is shown once",
    "clients.record_trial": "what one administrator did",
    "credentials.issue_one_time_password": "its text is shown once",
    "credentials.record_address": "what one person did",
    "credentials.record_failed_sign_in": "what one person did",
    "credentials.record_second_factor": "what one person did",
    "credentials.record_sign_in": "what one person did",
    "credentials.remove_second_factors": "decided for one person at a time, by a superuser",
    "credentials.set_password": "what one person did",
    "lifecycle.run_clock": "does all that is due",
    "memberships.add_members": "takes many members",
    "memberships.compute_members": "takes many people",
    "memberships.end_memberships": "does all that is due",
    "memberships.remove_members": "takes many members",
    "memberships.replace_members": "takes many members",
    "oauth.issue_oauth_credentials": "its secret is shown once",
    "oauth.record_oauth_token": "what one client did",
    "oauth.revoke_oauth_credentials": "decided for one client; disabling many ends their tokens, too",
    "person_tokens.issue_person_token": "its text is shown once",
    "self_tests.finish_self_test": "there is one at a time",
    "self_tests.start_self_test": "there is one at a time",
    "users.override_rows": "an exception made for one value, with its reason",
    "users.override_value": "an exception made for one value, with its reason",
    "users.release_ownership": "takes many values",
}


def _public_functions() -> Iterator[tuple[str, FunctionType]]:
    for short in sorted({module.name for module in pkgutil.iter_modules(actions.__path__)} - PARTS):
        room = importlib.import_module(f"{actions.__name__}.{short}")
        for name, thing in vars(room).items():
            ours = getattr(thing, "__module__", "").startswith(room.__name__)
            if inspect.isfunction(thing) and ours and not name.startswith("_"):
                yield f"{short}.{name}", thing


def test_what_is_called_a_part_is_there() -> None:
    assert {module.name for module in pkgutil.iter_modules(actions.__path__)} > PARTS


def test_every_action_has_a_case() -> None:
    assert {name for name, _function in _public_functions()} - READING == set(CASES)


def _batch_form_of(name: str) -> set[str]:
    """The names a batch form may have: the plural stands at the noun, wherever in the name that is."""
    room, _dot, action = name.partition(".")
    words = action.split("_")
    return {
        f"{room}.{'_'.join([*words[:index], word + 's', *words[index + 1 :]])}_many" for index, word in enumerate(words)
    } | {f"{room}.{action}_many"}


def test_every_action_has_a_batch_form_or_a_reason() -> None:
    single = {name for name in CASES if not name.endswith("_many")}
    without = {name for name in single if not _batch_form_of(name) & set(CASES)}
    assert without == set(WITHOUT_BATCH_FORM)


@pytest.mark.parametrize("name", sorted(set(CASES) - WITHOUT_ACTOR))
def test_the_actor_is_keyword_only_and_has_no_default(name: str) -> None:
    parameter = inspect.signature(dict(_public_functions())[name]).parameters["actor"]
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
    assert parameter.default is inspect.Parameter.empty


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_leaves_one_audit_entry_and_one_event_for_each_subject(name: str) -> None:
    case = CASES[name]
    made = case.prepare()
    before = AuditEntry.objects.count(), ChangeEvent.objects.count()
    case.act(made)
    entries = list(AuditEntry.objects.order_by("pk")[before[0] :])
    events = list(ChangeEvent.objects.order_by("pk")[before[1] :])
    assert max(Counter(entry.subject_id for entry in entries).values()) == 1
    assert len(entries) == case.subjects
    assert {entry.verb for entry in entries} <= set(Verb)
    assert len(events) == (0 if name in WITHOUT_EVENTS else case.subjects)
    if events:
        assert {str(event.object_id) for event in events} == {entry.subject_id for entry in entries}
        assert {event.correlation_id for event in events} == {entry.cid for entry in entries}


@pytest.mark.parametrize("name", sorted(set(CASES) - ONLY_RECORD))
def test_all_of_it_is_one_transaction(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    made = case.prepare()
    write = AuditEntry.objects.bulk_create

    def write_and_fail(_manager: object, *args: Any, **kwargs: Any) -> None:
        write(*args, **kwargs)
        raise ZeroDivisionError

    write_told = telling.write_told

    def write_told_and_fail(*args: Any) -> None:
        write_told(*args)
        raise ZeroDivisionError

    monkeypatch.setattr(type(AuditEntry.objects), "bulk_create", write_and_fail)
    monkeypatch.setattr(telling, "write_told", write_told_and_fail)
    before = _everything()
    with pytest.raises(ZeroDivisionError):
        case.act(made)
    assert _everything() == before


def _everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the identities."""
    models = apps.get_app_config("identities").get_models(include_auto_created=True)
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in models}
