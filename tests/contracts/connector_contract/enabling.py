"""The portable `enabled`, by the style a connector declares."""

from typing import Any, ClassVar

import pytest

from connectors.spi import Connector, Delta, ObjectClass, Rejected, RemoteObject
from tests.contracts.connector_contract.questions import created, fresh_name
from tests.contracts.subject import ContractSubject

DISABLES = pytest.mark.ability("disabling")


def _state(connector: Connector[Any], item: RemoteObject) -> bool | None:
    return connector.get(ObjectClass.USER, item.remote_id).enabled


class EnablingContract:
    """Disabling and enabling without touching anything else."""

    with_variants: ClassVar[bool] = True

    @DISABLES
    def test_a_new_account_is_enabled(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        assert item.enabled is True
        assert _state(connector, item) is True

    @DISABLES
    def test_disable_and_enable_again(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        before = connector.get(ObjectClass.USER, item.remote_id)
        for wanted in (False, False, True, True, False):
            changed = connector.update(ObjectClass.USER, item.remote_id, Delta(enabled=wanted))
            assert changed.enabled is wanted
            assert changed.remote_id == item.remote_id
            assert _state(connector, item) is wanted
        restored = connector.update(ObjectClass.USER, item.remote_id, Delta(enabled=True))
        assert restored.attributes == before.attributes

    @DISABLES
    def test_an_account_can_be_created_disabled(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = connector.create(ObjectClass.USER, subject.user(fresh_name()), enabled=False)
        assert item.enabled is False
        assert _state(connector, item) is False

    @DISABLES
    def test_searches_tell_the_state(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        on, off = created(subject, connector), created(subject, connector)
        connector.update(ObjectClass.USER, off.remote_id, Delta(enabled=False))
        seen = {item.remote_id: item.enabled for item in connector.search(ObjectClass.USER).items}
        assert seen[on.remote_id] is True
        assert seen[off.remote_id] is False

    @DISABLES
    def test_a_disabled_account_is_changed_without_being_enabled(
        self, subject: ContractSubject, connector: Connector[Any]
    ) -> None:
        item = connector.create(ObjectClass.USER, subject.user(fresh_name()), enabled=False)
        changed = connector.update(ObjectClass.USER, item.remote_id, Delta(replace={subject.text: ("new",)}))
        assert changed.enabled is False
        assert changed.attributes[subject.text] == ("new",)

    @DISABLES
    def test_state_and_values_change_together(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        delta = Delta(replace={subject.text: ("left",)}, enabled=False)
        connector.update(ObjectClass.USER, item.remote_id, delta)
        read = connector.get(ObjectClass.USER, item.remote_id)
        assert (read.enabled, read.attributes[subject.text]) == (False, ("left",))

    @pytest.mark.ability("disabling", present=False)
    def test_who_cannot_disable_says_so(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        assert item.enabled is None
        before = subject.raw(item)
        assert connector.update(ObjectClass.USER, item.remote_id, Delta(enabled=True)).enabled is None
        with pytest.raises(Rejected):
            connector.update(ObjectClass.USER, item.remote_id, Delta(enabled=False))
        with pytest.raises(Rejected):
            connector.create(ObjectClass.USER, subject.user(fresh_name()), enabled=False)
        assert subject.raw(item) == before
