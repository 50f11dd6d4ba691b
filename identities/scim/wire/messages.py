"""Requests as scim2-models understands them, under the client's policy."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from scim2_models import Context, InvalidPathException, InvalidSyntaxException, PatchOp, Resource
from scim2_models.base import BaseModel

from identities.scim.limits import OPERATIONS, PATH_LENGTH, PATHS_LENGTH
from identities.scim.wire.notes import Notes
from identities.scim.wire.parsers import TooLarge
from identities.scim.wire.profiles import policy, tolerates

Form = dict[str, Any]

SEARCH_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
_SEARCH_MEMBERS: Final = frozenset(
    ("schemas", "attributes", "excludedattributes", "filter", "sortby", "sortorder", "startindex", "count", "cursor")
)


def check_search(payload: Form, profile: str) -> None:
    """Refuse what is no SearchRequest message (RFC 7644 section 3.4.3).

    Raises:
        InvalidSyntaxException: its `schemas` does not say that it is one, it has a member that no search has, or a
            text where a list belongs.
    """
    given = {name.lower(): value for name, value in payload.items()}
    if given.get("schemas") != [SEARCH_SCHEMA]:
        raise InvalidSyntaxException(detail=f"schemas does not say {SEARCH_SCHEMA}.")
    lists = [[] if given.get(name) is None else given[name] for name in ("attributes", "excludedattributes")]
    if not all(isinstance(each, list) and all(each) for each in lists):
        raise InvalidSyntaxException(detail="attributes and excludedAttributes are lists of names.")
    unknown = given.keys() - _SEARCH_MEMBERS
    if unknown and not tolerates(profile, "unknown_attributes"):
        raise InvalidSyntaxException(detail=f"A search has no {min(unknown)[:120]!r}.")


def read_resource(model: type[Resource[Any]], payload: Form, context: Context, profile: str, notes: Notes) -> Form:
    """Validate a whole resource and return it with names spelt as in the schemas, read-only attributes left out.

    Raises:
        pydantic.ValidationError: it does not follow the schema.
    """
    resource = model.model_validate(payload, scim_ctx=context, scim_policy=policy(profile))
    _note_unknown(resource, notes)
    return as_form(resource)


def read_patch(model: type[Resource[Any]], payload: Form, profile: str) -> Any:
    """Validate a PatchOp message for this resource type (RFC 7644 section 3.5.2).

    Raises:
        pydantic.ValidationError: it does not follow the protocol.
        InvalidPathException: a path is too long. TooLarge: too many operations, or too much of paths.
    """
    operations = next((value for name, value in payload.items() if name.lower() == "operations"), None)
    if isinstance(operations, list):
        _check_size(operations)
    message: Any = PatchOp.__class_getitem__(model)
    return message.model_validate(payload, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=policy(profile))


def _check_size(operations: list[Any]) -> None:
    """Refuse what takes long to understand before trying to: a path may hold a filter."""
    if len(operations) > OPERATIONS:
        raise TooLarge(f"More than {OPERATIONS} operations.")
    given = (part for each in operations if isinstance(each, dict) for name, part in each.items() if _is_path(name))
    lengths = [len(path) for path in given if isinstance(path, str)]
    if max(lengths, default=0) > PATH_LENGTH:
        raise InvalidPathException(detail=f"A path is longer than {PATH_LENGTH} characters.")
    if sum(lengths) > PATHS_LENGTH:
        raise TooLarge(f"The paths are longer than {PATHS_LENGTH} characters together.")


def _is_path(name: str) -> bool:
    return name.lower() == "path"


def as_model(model: type[Resource[Any]], form: Mapping[str, Any]) -> Resource[Any]:
    """A stored object for PATCH to work on.

    What was stored by other ways and does not fit the schema is left out: a request cannot be refused for a value that
    it does not speak of.
    """
    try:
        return model.model_validate(dict(form))
    except ValidationError as error:
        unfit = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
        return model.model_validate({name: value for name, value in form.items() if name not in unfit})


def as_form(resource: Resource[Any]) -> Form:
    """The resource as a dictionary, names as in the schemas, nothing empty."""
    return resource.model_dump(scim_ctx=Context.DEFAULT)


def _note_unknown(model: BaseModel, notes: Notes) -> None:
    for name in model.unknown_attributes:
        notes.add("unknown_attributes", name)
    for field in type(model).model_fields:
        below = getattr(model, field)
        for each in below if isinstance(below, list) else [below]:
            if isinstance(each, BaseModel):
                _note_unknown(each, notes)
