"""What peers tell about themselves, and what is made of it."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.spi import AttributeType, Delta, FindingLevel, ObjectClass, Rejected
from tests.connectors.catalog.scim.conftest import TOKEN, Peer, Script, connector, failure, listing, user
from tests.connectors.scripted_http import Answer, Request

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
CUSTOM = "urn:example:params:scim:schemas:extension:badge:2.0:User"
StartPeer = Callable[[Script], Peer]


def _attribute(name: str, type_: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "multiValued": False, **more}


SCHEMAS = listing(
    {
        "id": f"{CORE}User",
        "name": "User",
        "attributes": [
            _attribute("userName", required=True, caseExact=True, uniqueness="server"),
            _attribute("title", mutability="sometimes", surprise=True),
            _attribute("active", "boolean"),
            _attribute("emails", "complex", multiValued=True, subAttributes=[_attribute("value")]),
            _attribute("hired", "DateTime", returned="nowhere"),
            _attribute("secret", returned="never", mutability="writeOnly"),
            _attribute("born", mutability="immutable"),
            _attribute("seen", "dateTime", mutability="readOnly"),
            _attribute("bad name"),
            _attribute("badge", "complex", subAttributes=[_attribute("colour"), _attribute("bad name")]),
            "not an attribute",
            {"type": "string"},
        ],
    },
    {
        "id": CUSTOM,
        "attributes": [
            _attribute("number", "integer"),
            _attribute("ratio", "decimal"),
            _attribute("photo", "binary"),
            _attribute("since", "dateTime"),
            _attribute("colours", multiValued=True),
        ],
    },
    {"id": "no urn:User", "attributes": [_attribute("x")]},
    {
        "id": f"{CORE}Group",
        "attributes": [
            _attribute("displayName", required=True),
            _attribute(
                "members",
                "complex",
                multiValued=True,
                subAttributes=[
                    _attribute("value"),
                    _attribute("$ref", "reference", referenceTypes=["User", "Group"]),
                ],
            ),
        ],
    },
)
TYPES = listing(
    {
        "name": "User",
        "endpoint": "https://peer.example/scim/People/",
        "schema": f"{CORE}User",
        "schemaExtensions": [{"schema": CUSTOM, "required": False}],
    },
    {"name": "Group", "endpoint": "/Teams", "schema": f"{CORE}Group"},
    {"name": "Device", "endpoint": "/Devices", "schema": "urn:example:Device"},
    {"broken": True},
)
CONFIG = {
    "patch": {"supported": False},
    "filter": {"supported": False, "maxResults": 20},
    "bulk": "broken",
    "pagination": {"cursor": True, "index": True, "maxPageSize": 50},
    "authenticationSchemes": [{"type": "httpbasic", "name": "Basic", "description": "x"}],
    "surprise": 1,
}


def _telling(**documents: Answer) -> Script:
    def answer(request: Request) -> Answer:
        return documents.get(request.path.rpartition("/")[2], Answer(404))

    return answer


FULL = _telling(Schemas=SCHEMAS, ResourceTypes=TYPES, ServiceProviderConfig=Answer(200, CONFIG))


class TestSchema:
    """The peer's own schemas, as the portal's mappings see them."""

    def test_what_the_peer_tells(self, peer: StartPeer) -> None:
        schema = peer(FULL).connector().schema()
        users = schema.objects[USER].attributes
        assert users["userName"].required
        assert users["userName"].case_exact
        assert users["emails"].multi_valued
        assert users["title"].updatable
        assert users["hired"].type is AttributeType.DATETIME
        assert not users["secret"].readable
        assert users["born"].creatable
        assert not users["born"].updatable
        assert not users["seen"].creatable
        assert "active" not in users
        assert 'emails[type eq "work"].value' not in users
        assert "nickName" not in users
        assert "badge.colour" in users
        assert not [name for name in users if " " in name]
        types = {name.rpartition(":")[2]: spec.type for name, spec in users.items() if name.startswith(CUSTOM)}
        assert types == {
            "number": AttributeType.INTEGER,
            "ratio": AttributeType.DECIMAL,
            "photo": AttributeType.BINARY,
            "since": AttributeType.DATETIME,
            "colours": AttributeType.STRING,
        }
        groups = schema.objects[GROUP]
        assert groups.member_attribute == "members"
        assert groups.attributes["members"].type is AttributeType.REFERENCE
        assert schema.objects[USER].marker_attribute == "externalId"

    @pytest.mark.parametrize(
        "answer", [Answer(404), Answer(501), failure(403), listing(), listing("odd"), Answer(200, {})]
    )
    def test_the_standards_if_the_peer_does_not_tell(self, peer: StartPeer, answer: Answer) -> None:
        schema = peer(lambda _: answer).connector().schema()
        assert 'emails[type eq "work"].value' in schema.objects[USER].attributes
        assert schema.objects[GROUP].member_attribute == "members"

    def test_extensions_are_told_by_their_names_without_resource_types(self, peer: StartPeer) -> None:
        users = peer(_telling(Schemas=SCHEMAS)).connector().schema().objects[USER].attributes
        assert f"{CUSTOM}:number" in users
        assert not [name for name in users if " " in name]

    def test_no_groups_where_the_peer_has_none(self, peer: StartPeer) -> None:
        connector = peer(FULL).connector(groups_path="")
        assert set(connector.schema().objects) == {USER}
        assert set(connector.capabilities().objects) == {USER}

    def test_no_mark_where_it_is_left_out(self, peer: StartPeer) -> None:
        schema = peer(FULL).connector(omit_external_id=True).schema()
        assert schema.objects[USER].marker_attribute is None
        assert "externalId" not in schema.objects[USER].attributes


class TestCustomAttributes:
    """Attributes only the peer's schemas know."""

    def _peer(self, peer: StartPeer, document: dict[str, Any]) -> Peer:
        def answer(request: Request) -> Answer:
            if request.method == "GET" and "/Users" in request.path:
                return Answer(200, document)
            return Answer(204) if request.method == "PATCH" else FULL(request)

        return peer(answer)

    def test_values_have_the_types_of_the_schema(self, peer: StartPeer) -> None:
        values = {"number": 7, "ratio": 2, "photo": "AAE=", "since": "2026-01-02T03:04:05Z", "colours": ["red", "blue"]}
        read = self._peer(peer, user(**{CUSTOM: {**values, "unknown": 1}})).connector().get(USER, "id-1")
        custom = {name.rpartition(":")[2]: found for name, found in read.attributes.items() if name.startswith(CUSTOM)}
        assert custom["number"] == (7,)
        assert isinstance(custom["ratio"][0], float)
        assert custom["photo"] == (b"\0\1",)
        assert custom["since"][0].isoformat() == "2026-01-02T03:04:05+00:00"
        assert custom["colours"] == ("red", "blue")
        assert "unknown" not in custom

    def test_numbers_without_end(self, peer: StartPeer) -> None:
        text = b'{"id": "id-1", "%s": {"number": 1e999, "ratio": 1%s}}' % (CUSTOM.encode(), b"0" * 400)
        scripted = peer(lambda request: Answer(200, text) if "/Users" in request.path else FULL(request))
        read = scripted.connector().get(USER, "id-1").attributes
        assert all(isinstance(value, str) for values in read.values() for value in values)

    def test_lists_are_written_as_lists(self, peer: StartPeer) -> None:
        scripted = self._peer(peer, user())
        connector = scripted.connector()
        connector.update(USER, "id-1", Delta(replace={f"{CUSTOM}:colours": ("red",), f"{CUSTOM}:number": (7,)}))
        connector.update(USER, "id-1", Delta(add={f"{CUSTOM}:colours": ("red",)}))
        written = [request.document["Operations"] for request in scripted.server.seen("PATCH")]
        assert [each["value"] for each in written[0]] == [["red"], 7]
        assert written[1] == [{"op": "replace", "path": f"{CUSTOM}:colours", "value": ["red"]}]

    def test_schemas_are_read_once_and_only_if_needed(self, peer: StartPeer) -> None:
        scripted = self._peer(peer, user())
        connector = scripted.connector()
        connector.update(USER, "id-1", Delta(replace={"title": ("x",)}))
        assert not [each for each in scripted.server.requests if "Schemas" in each.path]
        for _ in range(3):
            connector.update(USER, "id-1", Delta(replace={f"{CUSTOM}:number": (7,)}))
        assert len([each for each in scripted.server.requests if "Schemas" in each.path]) == 1

    def test_any_extension_is_believed_where_schemas_are_not_told(self, peer: StartPeer) -> None:
        document = user(
            **{CUSTOM: {"number": 7, "colours": ["red"], "deep": {"x": 1}, "bad name": "x"}, "urn:bad urn": {"x": 1}}
        )
        scripted = peer(lambda request: Answer(200, document) if "/Users" in request.path else Answer(404))
        read = scripted.connector().get(USER, "id-1").attributes
        assert read[f"{CUSTOM}:number"] == ("7",)
        assert read[f"{CUSTOM}:colours"] == ("red",)
        assert {name for name in read if name.startswith("urn:")} == {f"{CUSTOM}:number", f"{CUSTOM}:colours"}

    def test_what_the_peer_does_not_know_is_refused(self, peer: StartPeer) -> None:
        scripted = self._peer(peer, user())
        with pytest.raises(Rejected):
            scripted.connector().update(USER, "id-1", Delta(replace={f"{CUSTOM}:unknown": ("x",)}))
        assert scripted.server.seen("PATCH") == []


class TestDiscovery:
    """Proposals for the configuration."""

    def test_proposals(self, peer: StartPeer) -> None:
        discovery = peer(FULL).connector().discover()
        assert discovery.proposals == {
            "users_path": "/People",
            "groups_path": "/Teams",
            "update_with": "put",
            "group_membership_with": "put",
            "filter_supported": "no",
            "page_size": 50,
            "authentication": "basic",
            "disable_by": "active",
            "nested_groups": True,
        }
        assert discovery.notes == ()
        assert dict(discovery.suggested_mappings[USER]) == {
            "userName": "user.userName",
            "externalId": "user.id",
            "title": "user.title",
        }

    def test_a_peer_without_active(self, peer: StartPeer) -> None:
        schemas = listing({"id": f"{CORE}User", "attributes": [_attribute("userName", required=True)]})
        discovery = peer(_telling(Schemas=schemas)).connector().discover()
        assert discovery.proposals["disable_by"] == "removal"

    def test_a_peer_that_tells_nothing(self, peer: StartPeer) -> None:
        discovery = peer(lambda _: Answer(404)).connector().discover()
        assert discovery.proposals == {}
        assert len(discovery.notes) == 2
        assert 'emails[type eq "work"].value' in discovery.suggested_mappings[USER]


class TestOnlineTest:
    """Named findings, an advice with each that is not good, and nothing changed."""

    def _findings(self, connector: Any) -> dict[str, FindingLevel]:
        findings = list(connector.test())
        assert all(each.advice for each in findings if each.level is not FindingLevel.OK)
        assert TOKEN not in str(findings)
        return {each.name: each.level for each in findings}

    def _good(self, request: Request) -> Answer:
        if request.path.endswith(("/Users", "/Groups")):
            return listing() if "filter" in request.query else listing(user())
        if request.path.endswith("/ServiceProviderConfig"):
            return Answer(200, {**CONFIG, "patch": {"supported": True}})
        return failure(404) if request.method == "PATCH" else FULL(request)

    def test_all_well(self, peer: StartPeer) -> None:
        scripted = peer(self._good)
        assert self._findings(scripted.connector()) == dict.fromkeys(
            ["address", "authentication", "users", "announcement", "schemas", "filter", "groups", "writing"],
            FindingLevel.OK,
        )
        assert {request.method for request in scripted.server.requests} == {"GET", "PATCH"}

    @pytest.mark.parametrize(
        ("path", "method", "answer", "finding", "level"),
        [
            ("/Users", "GET", failure(401), "authentication", FindingLevel.ERROR),
            ("/Users", "GET", failure(403), "authentication", FindingLevel.ERROR),
            ("/Users", "GET", Answer(404), "users", FindingLevel.ERROR),
            ("/Users", "GET", failure(500), "users", FindingLevel.ERROR),
            ("/Users", "GET", failure(429), "users", FindingLevel.ERROR),
            ("/Users", "GET", Answer(302, b"", {"Location": "/x"}), "users", FindingLevel.ERROR),
            ("/Users", "GET", Answer(200, b"<html>", {"Content-Type": "text/html"}), "users", FindingLevel.ERROR),
            ("/Users", "GET", listing(user()), "filter", FindingLevel.WARNING),
            ("/Groups", "GET", Answer(404), "groups", FindingLevel.ERROR),
            ("/Groups", "GET", failure(500), "groups", FindingLevel.WARNING),
            ("/Schemas", "GET", Answer(404), "schemas", FindingLevel.WARNING),
            ("/ServiceProviderConfig", "GET", Answer(404), "announcement", FindingLevel.WARNING),
            ("/ServiceProviderConfig", "GET", Answer(200, CONFIG), "announcement", FindingLevel.ERROR),
            ("/Users/", "PATCH", failure(403), "writing", FindingLevel.ERROR),
            ("/Users/", "PATCH", Answer(405), "writing", FindingLevel.ERROR),
            ("/Users/", "PATCH", Answer(204), "writing", FindingLevel.WARNING),
        ],
    )
    def test_one_thing_wrong(
        self, peer: StartPeer, path: str, method: str, answer: Answer, finding: str, level: FindingLevel
    ) -> None:
        def answering(request: Request) -> Answer:
            wrong = request.method == method and (
                request.path.endswith(path) or (path[-1] == "/" and path in request.path)
            )
            return answer if wrong else self._good(request)

        findings = self._findings(peer(answering).connector())
        assert findings[finding] is level
        if finding in ("authentication", "users"):
            assert list(findings)[-1] == finding

    def test_nothing_there(self) -> None:
        assert self._findings(connector("http://127.0.0.1:9/scim", TOKEN)) == {"address": FindingLevel.ERROR}
        assert self._findings(connector("http://10.0.0.1/scim", TOKEN)) == {"address": FindingLevel.ERROR}
        assert self._findings(connector("https://127.0.0.1:9/", TOKEN, ca_certificate="x")) == {
            "address": FindingLevel.ERROR
        }
        assert self._findings(connector("http://127.0.0.1:6379/", TOKEN)) == {"address": FindingLevel.ERROR}

    def test_a_token_that_cannot_be_sent(self) -> None:
        findings = list(connector("http://127.0.0.1:9/scim", f"{TOKEN}\n").test())
        assert [each.level for each in findings] == [FindingLevel.ERROR]
        assert TOKEN not in str(findings)

    def test_put_is_not_tried(self, peer: StartPeer) -> None:
        scripted = peer(self._good)
        findings = self._findings(scripted.connector(update_with="put", group_membership_with="put"))
        assert findings["writing"] is FindingLevel.WARNING
        assert {request.method for request in scripted.server.requests} == {"GET"}
