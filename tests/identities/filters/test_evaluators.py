"""The two evaluators of a filter agree, on whatever people and filters hypothesis thinks of."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identities.filters.match import matches
from identities.filters.parse import parse
from identities.filters.query import to_q
from identities.models import User
from tests.identities.filters.filters import filters
from tests.identities.filters.people import Person, persons, store


@pytest.mark.database
@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=st.lists(persons, min_size=1, max_size=4), texts=st.lists(filters, min_size=5, max_size=15))
def test_a_filter_finds_in_the_database_whom_it_matches_in_memory(people: list[Person], texts: list[str]) -> None:
    with transaction.atomic():
        documents = store(people)
        for text in texts:
            filter_ = parse(text, "User")
            in_memory = {pk for pk, document in documents.items() if matches(filter_, document)}
            in_database = set(User.objects.filter(to_q(filter_)).values_list("pk", flat=True))
            assert in_database == in_memory, text
        transaction.set_rollback(True)
