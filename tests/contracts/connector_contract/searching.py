"""Paging, cursors and filters, hostile values included."""

from typing import Any

import pytest

from connectors.spi import (
    And,
    Connector,
    Delta,
    Equals,
    Filter,
    Not,
    ObjectClass,
    Or,
    Present,
    Rejected,
    StartsWith,
)
from tests.contracts.connector_contract.questions import (
    ACCOUNTS_AND_GROUPS,
    all_found,
    created,
    found_ids,
    fresh_name,
    object_schema,
)
from tests.contracts.subject import ContractSubject

HOSTILE = (
    "*",
    "*)(uid=*",
    ")(|(objectClass=*",
    "x')) OR (1=1",
    "';--",
    'a" or title pr or title eq "',
    '\\"',
    "back\\slash",
    "\\2a",
    "%",
    "_ny",
    "#leading",
    "a,ou=admins",
    "cn=a+uid=b",
    "{{7*7}}",
    "<svg onload=alert(1)>",
    "line\nbreak",
    "Žluťoučký 日本 🙂",
    "a/b?c=d&e",
    "null",
    "true",
)


def _ids(subject: ContractSubject, connector: Connector[Any], *texts: str) -> dict[str, str]:
    """One user per text, holding it in the subject's text attribute: text -> remote id."""
    return {
        text: created(subject, connector, ObjectClass.USER, None, **{subject.text: (text,)}).remote_id for text in texts
    }


def _found(connector: Connector[Any], condition: Filter, among: set[str]) -> set[str]:
    """What a search finds among some ids; a connector that says its answers must be checked may find more."""
    return found_ids(connector, ObjectClass.USER, condition) & among


def _expect(connector: Connector[Any], condition: Filter, wanted: set[str], among: set[str]) -> None:
    found = _found(connector, condition, among)
    if connector.capabilities().exact_search:
        assert found == wanted, condition
    else:
        assert found >= wanted, condition


class SearchContract:
    """Searches find what they should, all of it, once, and nothing else."""

    @pytest.mark.parametrize("object_class", ACCOUNTS_AND_GROUPS)
    def test_paging_gives_everything_once(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass
    ) -> None:
        wanted = {created(subject, connector, object_class).remote_id for _ in range(7)}
        for limit in (1, 3, 7, 100):
            seen = [item.remote_id for item in all_found(connector, object_class, limit=limit)]
            assert len(seen) == len(set(seen))
            assert wanted <= set(seen)

    def test_a_page_holds_no_more_than_asked(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        for _ in range(3):
            created(subject, connector)
        page = connector.search(ObjectClass.USER, limit=2)
        assert len(page.items) == 2
        assert page.cursor is not None

    def test_an_empty_answer_has_no_cursor(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        name = object_schema(connector).name_attribute
        page = connector.search(ObjectClass.USER, Equals(name, fresh_name("nobody")))
        assert page.items == ()
        assert page.cursor is None

    def test_filters_are_paged_too(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        mark, name = fresh_name("mark"), object_schema(connector).name_attribute
        wanted = {created(subject, connector, ObjectClass.USER, f"{mark}{n}").remote_id for n in range(5)}
        created(subject, connector)
        found = [item.remote_id for item in all_found(connector, condition=StartsWith(name, mark), limit=2)]
        assert len(found) == len(set(found))
        assert set(found) >= wanted
        if connector.capabilities().exact_search:
            assert set(found) == wanted

    def test_searches_and_other_calls_may_alternate(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        wanted = {created(subject, connector).remote_id for _ in range(4)}
        first = connector.search(ObjectClass.USER, limit=2)
        for item in first.items:
            connector.update(ObjectClass.USER, item.remote_id, Delta(replace={subject.text: ("seen",)}))
        rest: list[str] = []
        cursor = first.cursor
        while cursor:
            page = connector.search(ObjectClass.USER, cursor=cursor, limit=2)
            rest += [item.remote_id for item in page.items]
            cursor = page.cursor
        assert wanted <= {item.remote_id for item in first.items} | set(rest)

    def test_each_operator(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        mark = fresh_name("t")
        ids = _ids(subject, connector, f"{mark} one", f"{mark} two", f"other {mark}")
        none = created(subject, connector).remote_id
        one, two, other = ids.values()
        among = {one, two, other, none}
        starts, equals = StartsWith(subject.text, mark), Equals(subject.text, f"{mark} one")
        _expect(connector, equals, {one}, among)
        _expect(connector, starts, {one, two}, among)
        _expect(connector, Present(subject.text), {one, two, other}, among)
        _expect(connector, And((starts, Not(equals))), {two}, among)
        _expect(connector, Or((equals, Equals(subject.text, f"other {mark}"))), {one, other}, among)
        _expect(connector, Not(Present(subject.text)), {none}, among)
        _expect(connector, Or(()), set(), among)
        _expect(connector, And(()), among, among)
        _expect(connector, And((starts, Or((equals, Equals(subject.text, f"{mark} two"))))), {one, two}, among)

    def test_names_compare_as_the_schema_says(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        name = fresh_name("mixedcase")
        item = created(subject, connector, ObjectClass.USER, name)
        spec = object_schema(connector).attributes[object_schema(connector).name_attribute]
        wanted = set() if spec.case_exact else {item.remote_id}
        _expect(connector, Equals(spec.name, name.upper()), wanted, {item.remote_id})

    def test_hostile_texts_find_only_themselves(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        ids = _ids(subject, connector, "plain", *HOSTILE)
        among = set(ids.values())
        for text, remote_id in ids.items():
            assert connector.get(ObjectClass.USER, remote_id).attributes[subject.text] == (text,)
            _expect(connector, Equals(subject.text, text), {remote_id}, among)

    def test_hostile_texts_that_nobody_has_find_nobody(
        self, subject: ContractSubject, connector: Connector[Any]
    ) -> None:
        among = set(_ids(subject, connector, "plain", "other").values())
        attributes = (subject.text, object_schema(connector).name_attribute)
        for text in HOSTILE:
            for attribute in attributes:
                _expect(connector, Equals(attribute, text), set(), among)
                _expect(connector, StartsWith(attribute, text), set(), among)

    def test_beginnings_are_literal(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        ids = _ids(subject, connector, "*star", "%percent", "_under", "plain")
        among = set(ids.values())
        _expect(connector, StartsWith(subject.text, "*"), {ids["*star"]}, among)
        _expect(connector, StartsWith(subject.text, "%"), {ids["%percent"]}, among)
        _expect(connector, StartsWith(subject.text, "_"), {ids["_under"]}, among)

    @pytest.mark.parametrize("value", ["\0", "a\0b", "plain\0"])
    def test_nul_finds_nobody_or_is_refused(
        self, subject: ContractSubject, connector: Connector[Any], value: str
    ) -> None:
        among = set(_ids(subject, connector, "plain", "a").values())
        for condition in (Equals(subject.text, value), StartsWith(subject.text, value), Equals("reference", value)):
            try:
                assert _found(connector, condition, among) == set()
            except Rejected:
                continue

    @pytest.mark.parametrize("filter_class", [Equals, Present])
    def test_an_unknown_attribute_is_rejected_or_finds_nobody(
        self, subject: ContractSubject, connector: Connector[Any], filter_class: type[Any]
    ) -> None:
        created(subject, connector)
        for attribute in ("noSuchAttribute", "title)(uid=*", "title; DROP TABLE users"):
            unknown = Present(attribute) if filter_class is Present else Equals(attribute, "x")
            try:
                assert all_found(connector, condition=unknown) == []
            except Rejected:
                continue
