"""Creating, changing and deleting objects of a peer."""

from dataclasses import dataclass
from typing import Any

from connectors.catalog.scim.configuration import ScimConfiguration, WriteMethod
from connectors.catalog.scim.documents import Document, elements_of, id_of, value_of
from connectors.catalog.scim.patches import DeltaWriter, MemberDelta, split_members
from connectors.catalog.scim.peer import Peer
from connectors.catalog.scim.reading import Reader
from connectors.catalog.scim.shapes import CORE_URN, MARKER, MEMBERS, NAME_ATTRIBUTES
from connectors.spi import (
    AlreadyExists,
    Attributes,
    Delta,
    DisableStyle,
    Equals,
    Gone,
    ObjectClass,
    Rejected,
    RemoteObject,
    Transient,
)

NOT_WRITTEN_BACK = ("meta", "groups")
"""What a PUT leaves out: the peer's own."""


@dataclass(frozen=True)
class Writer:
    """Writes objects of one peer."""

    peer: Peer

    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None) -> RemoteObject:
        """Create an object; its members beyond one request's worth follow in requests of their own.

        Raises:
            AlreadyExists: the name is taken. Ambiguous: sent, and the answer was lost. Rejected: refused as it is.
        """
        delta = self._checked(object_class, Delta(replace={k: v for k, v in attributes.items() if v}, enabled=enabled))
        delta, members = self._split(object_class, delta)
        first, later = self._first_members(members)
        document: Document = {"schemas": [CORE_URN[object_class]]}
        self._deltas(object_class).apply(delta, document)
        document["schemas"] += [key for key in document if key.lower().startswith("urn:")]
        if first:
            document[MEMBERS] = [{"value": each} for each in first]
        if object_class is ObjectClass.GROUP:  # SCIM lets two groups share a name, and who matches by name then errs
            self._refuse_taken_name(object_class, delta.replace, None)
        created = self.peer.client.create(object_class, document)
        _refuse_foreign(document, created)
        item = self.peer.remote_object(object_class, created)
        if later:
            self._write_members(object_class, item.remote_id, later)
        return item

    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> RemoteObject:
        """Apply the delta: values first, then members (raises Gone, Rejected, AlreadyExists)."""
        values, members = self._split(object_class, self._checked(object_class, delta))
        after = None
        if not values.is_empty:
            if object_class is ObjectClass.GROUP:
                self._refuse_taken_name(object_class, values.replace, remote_id)
            after = self._write_values(object_class, remote_id, values)
        if members:
            after = self._write_members(object_class, remote_id, members)
        if after is None:
            after = self.peer.client.read(object_class, remote_id)
        return self.peer.remote_object(object_class, after)

    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """Remove the object (raises Gone)."""
        self.peer.client.remove(object_class, remote_id)

    @property
    def _configuration(self) -> ScimConfiguration:
        return self.peer.configuration

    def _deltas(self, object_class: ObjectClass) -> DeltaWriter:
        return DeltaWriter(self._configuration, self.peer.shapes[object_class])

    def _checked(self, object_class: ObjectClass, delta: Delta) -> Delta:
        """The delta without a state the peer does not know (raises Rejected when it is to be disabled)."""
        native = self._configuration.disable_style is DisableStyle.NATIVE and object_class is ObjectClass.USER
        if native or delta.enabled is None:
            return delta
        if delta.enabled is False:
            raise Rejected("The system knows no disabled objects of this kind.")
        return Delta(delta.replace, delta.add, delta.remove)

    def _split(self, object_class: ObjectClass, delta: Delta) -> tuple[Delta, MemberDelta]:
        return split_members(delta) if object_class is ObjectClass.GROUP else (delta, MemberDelta())

    def _first_members(self, members: MemberDelta) -> tuple[tuple[Any, ...], MemberDelta]:
        wanted, size = members.replace or (), self._configuration.members_per_request
        return wanted[:size], MemberDelta(add=wanted[size:])

    def _write_values(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> Document | None:
        try:
            return self._send_values(object_class, remote_id, delta)
        except Transient as error:
            if error.facts.get("status") == 409:  # many peers do not say which conflict it is
                self._refuse_taken_name(object_class, delta.replace, remote_id)
            raise

    def _send_values(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> Document | None:
        deltas = self._deltas(object_class)
        if self._configuration.update_with is WriteMethod.PUT:
            current = self.peer.client.read(object_class, remote_id, members=True)
            deltas.apply(delta, current)
            return self._put(object_class, remote_id, current)
        current = self.peer.client.read(object_class, remote_id) if deltas.needs_current(delta) else {}
        operations = deltas.operations(delta, current)
        if not operations:
            return None
        return self._send("PATCH", object_class, remote_id, deltas.body(operations))

    def _write_members(self, object_class: ObjectClass, remote_id: str, members: MemberDelta) -> Document | None:
        if self._configuration.group_membership_with is WriteMethod.PUT:
            current = self.peer.client.read(object_class, remote_id, members=True)
            _apply_members(members, current)
            return self._put(object_class, remote_id, current)
        try:
            return self._patch_members(object_class, remote_id, members)
        except Rejected as error:
            if error.facts.get("scimType") != "noTarget" or not members.remove:
                raise
        # A strict peer minds that somebody to be removed is no member: only those that are there are removed then.
        held = set(self._held_members(object_class, remote_id))
        present = tuple(each for each in members.remove if each in held)
        return self._patch_members(object_class, remote_id, MemberDelta(members.replace, members.add, present))

    def _patch_members(self, object_class: ObjectClass, remote_id: str, members: MemberDelta) -> Document | None:
        deltas, after = self._deltas(object_class), None
        for operations in deltas.member_batches(members):
            after = self._send("PATCH", object_class, remote_id, deltas.body(operations))
        return after

    def _held_members(self, object_class: ObjectClass, remote_id: str) -> tuple[Any, ...]:
        return Reader(self.peer).get(object_class, remote_id, members=True).attributes.get(MEMBERS, ())

    def _put(self, object_class: ObjectClass, remote_id: str, document: Document) -> Document | None:
        version = value_of(value_of(document, "meta"), "version")
        body = {key: value for key, value in document.items() if key.lower() not in NOT_WRITTEN_BACK}
        named = [each for each in elements_of(value_of(document, "schemas")) if isinstance(each, str)]
        urns = [key for key in body if key.lower().startswith("urn:")]
        body["schemas"] = list(dict.fromkeys([*(named or [CORE_URN[object_class]]), *urns]))
        return self._send("PUT", object_class, remote_id, body, version if isinstance(version, str) else None)

    def _send(
        self, method: str, object_class: ObjectClass, remote_id: str, body: Document, version: str | None = None
    ) -> Document | None:
        try:
            return self.peer.client.write(method, object_class, remote_id, body, version=version)
        except Gone as error:
            self.peer.client.read(object_class, remote_id)  # raises Gone, or Misconfigured, if that is the reason
            raise Rejected("Something the change refers to is not there any more.", detail=error.detail) from error

    def _refuse_taken_name(self, object_class: ObjectClass, attributes: Attributes, own_id: str | None) -> None:
        """Raise AlreadyExists when another object has the name that is about to be written."""
        name = attributes.get(NAME_ATTRIBUTES[object_class], ())
        if not name:
            return
        taken = Reader(self.peer).search(object_class, Equals(NAME_ATTRIBUTES[object_class], name[0]), limit=2).items
        for item in taken:
            if item.remote_id != own_id:
                raise AlreadyExists("The system already has an object of this name.", remote_id=item.remote_id)


def _apply_members(members: MemberDelta, document: Document) -> None:
    """Change a group's members in its document; those that stay keep what the peer says about them."""
    held = [each for each in value_of(document, MEMBERS) or () if isinstance(each, dict)]
    known = {str(value_of(each, "value")): each for each in held}
    wanted = [*(known if members.replace is None else members.replace), *members.add]
    kept = [each for each in dict.fromkeys(map(str, wanted)) if each not in set(map(str, members.remove))]
    document[MEMBERS] = [known.get(each, {"value": each}) for each in kept]


def _refuse_foreign(sent: Document, created: Document) -> None:
    """Some peers answer a create with the object that was there already; another one's mark gives it away."""
    ours, theirs = sent.get(MARKER), value_of(created, MARKER)
    if ours and theirs and ours != theirs:
        raise AlreadyExists("The system answers with an object that was there already.", remote_id=id_of(created))
