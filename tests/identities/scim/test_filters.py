"""What the service finds by a filter is what scim2-models picks from the people whom the service shows."""

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, ScimFilter, User

from identities.actions.users.arguments import NewUser, UserAttributes
from identities.models import ApiClient
from identities.scim.endpoints import answer
from tests.identities.filters.filters import PLAIN_LINKS, PLAIN_MAILS, plain_filters, plain_words
from tests.identities.scim.people import associate_new
from tests.identities.scim.service import new_service

_names = ["given_name", "title", "display_name", "nick_name", "department"]
_texts = st.fixed_dictionaries(
    {**dict.fromkeys(_names, st.just("") | plain_words), "profile_url": st.just("") | st.sampled_from(PLAIN_LINKS)}
)


def _rows(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    types = st.sampled_from(["", "work", "home", "Work"])
    rows = st.fixed_dictionaries({"value": values, "type": types, "display": st.just("") | plain_words})
    return st.lists(rows, min_size=1, max_size=2, unique_by=lambda row: row["value"].lower())


_places = st.builds(lambda word, type_: {"type": type_, "data": {"locality": word}}, plain_words, plain_words)
_many = st.fixed_dictionaries(
    {},
    optional={
        "emails": _rows(st.sampled_from(PLAIN_MAILS)),
        "phoneNumbers": _rows(plain_words),
        "photos": _rows(st.sampled_from(PLAIN_LINKS)),
        "addresses": st.lists(_places, max_size=1),
    },
)
_people = st.lists(st.tuples(_texts, _many, st.booleans()), min_size=3, max_size=5)


def shown(client: ApiClient, **query: Any) -> list[dict[str, Any]]:
    found: dict[str, Any] = json.loads(answer({"count": 200, **query}, client, "User").text)
    return list(found["Resources"])


@pytest.mark.database
@pytest.mark.django_db
@settings(max_examples=18, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=_people, filters=st.lists(plain_filters, min_size=30, max_size=30))
def test_the_service_finds_whom_scim2_models_finds(people: list[Any], filters: list[str]) -> None:
    with transaction.atomic():
        client = new_service().client
        associate_new(
            client,
            [
                NewUser(UserAttributes({"user_name": f"User{number}", **texts}, rows), suspended=suspended)
                for number, (texts, rows, suspended) in enumerate(people)
            ],
        )
        everybody = [User[EnterpriseUser].model_validate(each) for each in shown(client)]
        assert len(everybody) == len(people)
        for text in filters:
            wanted = {each.id for each in everybody if ScimFilter[User[EnterpriseUser]](text).match(each)}
            assert {each["id"] for each in shown(client, filter=text)} == wanted, text
        transaction.set_rollback(True)
