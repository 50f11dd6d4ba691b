"""Typed configuration of a connector: a pydantic model whose fields describe themselves to the form that is generated
from it.

A field is declared with :func:`setting`; its annotation gives the type, pydantic validates offline, and cross-field
rules are pydantic validators. Nothing here touches the network (that is `Connector.test`).
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.fields import FieldInfo


def setting(
    default: Any = ...,
    *,
    title: str,
    help: str = "",
    group: str = "",
    secret: bool = False,
    host: bool = False,
    discovered: bool = False,
    needed: bool = False,
    multiline: bool = False,
    options: Mapping[str, str] | None = None,
    **constraints: Any,
) -> Any:
    """Declare one configuration field.

    Args:
        title, help: label and explanation in the form.
        group: heading under which the field stands.
        secret: write-only; stored by the vault, never shown again.
        host: names the machine spoken to; changing it clears the connector's secrets.
        discovered: `Connector.discover` can propose its value.
        needed: may be empty while the system is tested and discovered, but not when it is resumed.
        multiline: a text area (certificates).
        options: a label for each value of an enumeration.
        constraints: passed to pydantic's `Field` (ge, le, pattern, ...).
    """
    extra: dict[str, JsonValue] = {
        "group": group,
        "secret": secret,
        "host": host,
        "discovered": discovered,
        "needed": needed,
        "multiline": multiline,
        "options": dict(options or {}),
    }
    return Field(default, title=title, description=help, json_schema_extra=extra, **constraints)


class Configuration(BaseModel):
    """Base of every connector's configuration. Unknown keys are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def described(cls) -> dict[str, FieldInfo]:
        """The fields in their order, for a form."""
        return cls.model_fields

    @classmethod
    def _marked(cls, mark: str) -> tuple[str, ...]:
        return tuple(
            name
            for name, field in cls.model_fields.items()
            if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get(mark)
        )

    @classmethod
    def secret_fields(cls) -> tuple[str, ...]:
        """Names of the fields that hold secrets."""
        return cls._marked("secret")

    @classmethod
    def needed_fields(cls) -> tuple[str, ...]:
        """Names of the fields without which a system cannot be resumed."""
        return cls._marked("needed")

    @classmethod
    def host_fields(cls) -> tuple[str, ...]:
        """Names of the fields that say which machine is spoken to."""
        return cls._marked("host")
