"""The file that describes a connected system, its keys and the environment variables it draws on (docs/commands.md)."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connectors.actions.descriptions import Description
from connectors.vocabulary import AdoptionPolicy, GonePolicy, OrgUnitProvisioning, RemovalPolicy
from identities.mapping import MappingRow
from identities.vocabulary import MappingApply, MappingKind, ObjectType

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class SystemFileError(Exception):
    """The file cannot be used; the message names every mistake."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Scope(_Part):
    filter: str | None = None
    groups: list[str] | None = None
    org_units: list[str] | None = None


class _Groups(_Part):
    provision: bool | None = None
    filter: str | None = None


class _OrgUnits(_Part):
    provision: OrgUnitProvisioning | None = None


class _Mapping(_Part):
    direct: str | None = None
    constant: str | int | float | bool | None = None
    expression: str | None = None
    apply: MappingApply = MappingApply.ALWAYS
    clear_when_null: bool = False


def _expression(given: Any) -> Any:
    """A text alone is an expression."""
    return {"expression": given} if isinstance(given, str) else given


class _Adoption(_Part):
    policy: AdoptionPolicy | None = None
    correlation_attribute: str | None = None
    group_correlation_attribute: str | None = None
    marker_attribute: str | None = None


def _policy(given: Any) -> Any:
    """A text alone is the policy."""
    return {"policy": given} if isinstance(given, str) else given


class _Policies(_Part):
    when_inactive: RemovalPolicy | None = None
    when_out_of_scope: RemovalPolicy | None = None
    when_deleted: RemovalPolicy | None = None
    when_gone: GonePolicy | None = None


class _Limits(_Part):
    slots: int | None = None
    removal_limit: int | None = None
    removal_limit_percent: int | None = None


class _Mappings(_Part):
    user: dict[str, Annotated[_Mapping, BeforeValidator(_expression)]] | None = None
    group: dict[str, Annotated[_Mapping, BeforeValidator(_expression)]] | None = None
    org_unit: dict[str, Annotated[_Mapping, BeforeValidator(_expression)]] | None = None


class _SystemFile(_Part):
    name: str = Field(min_length=1)
    connector: str = Field(min_length=1)
    description: str | None = None
    configuration: dict[str, Any] | None = None
    secrets: dict[str, str] = Field(default_factory=dict)
    scope: _Scope = _Scope()
    groups: _Groups = _Groups()
    org_units: _OrgUnits = _OrgUnits()
    mappings: _Mappings = _Mappings()
    adoption: Annotated[_Adoption, BeforeValidator(_policy)] = _Adoption()
    policies: _Policies = _Policies()
    limits: _Limits = _Limits()


def read_system_file(path: Path, environment: Mapping[str, str]) -> Description:
    """The description in the file, with `${NAME}` in configuration and secrets taken from the environment.

    Raises:
        SystemFileError: it cannot be read, a key is unknown or missing, a value does not fit, a variable is not set, or
            a secret stands in the file itself. The message never holds a value.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  a SafeLoader
    except OSError as error:
        raise SystemFileError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SystemFileError(f"{path} is not valid YAML{_place(error)}.") from None
    if not isinstance(content, dict):
        raise SystemFileError(f"The file {path} does not describe a system; docs/commands.md shows one.")
    try:
        return _description(_SystemFile.model_validate(content), environment)
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors())
        raise SystemFileError("; ".join(mistakes)) from None


class _RepeatedKeyError(yaml.MarkedYAMLError):
    """A key stands twice."""


class _Loader(yaml.SafeLoader):
    """YAML in which a key stands once: of two, YAML would take the last and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        first = {key.value: key for key in reversed(keys)}
        for key in keys:
            if key is not first[key.value]:
                raise _RepeatedKeyError(problem=f"{key.value} stands twice", problem_mark=key.start_mark)
        return super().construct_mapping(node, deep)


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    repeated = f": {error.problem}" if isinstance(error, _RepeatedKeyError) else ""
    return f" (line {mark.line + 1}, column {mark.column + 1}){repeated}" if mark else ""


def _description(file: _SystemFile, environment: Mapping[str, str]) -> Description:
    literal = sorted(name for name, value in file.secrets.items() if not _VARIABLE.fullmatch(value))
    if literal:
        raise SystemFileError(
            f"secrets.{literal[0]}: name an environment variable, as ${{NAME}}; secrets do not belong in the file."
        )
    secrets = _filled(file.secrets, environment, "secrets")
    empty = sorted(name for name, value in secrets.items() if not value)
    if empty:
        raise SystemFileError(f"secrets.{empty[0]}: the environment variable that it names is empty.")
    return Description(
        name=file.name,
        connector=file.connector,
        configuration=_filled(file.configuration, environment, "configuration"),
        secrets=secrets,
        settings=_settings(file),
        scope_groups=file.scope.groups,
        scope_org_units=file.scope.org_units,
        mappings=_mappings(file.mappings),
    )


def _settings(file: _SystemFile) -> dict[str, Any]:
    adoption = file.adoption
    named = {
        "description": file.description,
        "scope_filter": file.scope.filter,
        "provisions_groups": file.groups.provision,
        "group_filter": file.groups.filter,
        "provisions_org_units": file.org_units.provision,
        "adoption_policy": adoption.policy,
        "correlation_attribute": adoption.correlation_attribute,
        "group_correlation_attribute": adoption.group_correlation_attribute,
        "marker_attribute": adoption.marker_attribute,
        **file.policies.model_dump(),
        **file.limits.model_dump(),
    }
    return {name: value for name, value in named.items() if value is not None}


def _mappings(mappings: _Mappings) -> dict[ObjectType, list[MappingRow]]:
    found = {object_type: getattr(mappings, object_type.value) for object_type in ObjectType}
    return {
        object_type: [_row(object_type, attribute, row) for attribute, row in rows.items()]
        for object_type, rows in found.items()
        if rows is not None
    }


def _row(object_type: ObjectType, attribute: str, row: _Mapping) -> MappingRow:
    kinds = [kind for kind in MappingKind if getattr(row, kind.value) is not None]
    if len(kinds) != 1:
        raise SystemFileError(f"mappings.{object_type}.{attribute}: give one of direct, constant and expression.")
    value = getattr(row, kinds[0].value)
    source = str(value).lower() if isinstance(value, bool) else str(value)
    return MappingRow(attribute, kinds[0], source, row.apply, row.clear_when_null)


def _filled(value: Any, environment: Mapping[str, str], where: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, environment, f"{where}.{name}") for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, environment, where) for each in value]
    return _VARIABLE.sub(lambda found: _variable(found, environment, where), value) if isinstance(value, str) else value


def _variable(found: "re.Match[str]", environment: Mapping[str, str], where: str) -> str:
    name = found.group(1)
    if name not in environment:
        raise SystemFileError(f"{where}: the environment variable {name} is not set.")
    return environment[name]
