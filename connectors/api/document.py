"""The OpenAPI document of imports, beside that of SCIM."""

from typing import Any, Final

from connectors.api.problems import MEDIA_TYPE

_PREFIX: Final = "/api/"
# For `manage.py spectacular --custom-settings`.
SETTINGS: Final[dict[str, Any]] = {
    "TITLE": "Provisioning portal: imports",
    "DESCRIPTION": "Send a file, read what it would change, apply it.",
    "VERSION": "1.0",
    "SCHEMA_PATH_PREFIX": "/api",
    "PREPROCESSING_HOOKS": ["connectors.api.document.only_imports"],
    "POSTPROCESSING_HOOKS": ["connectors.api.document.add_refusals"],
}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What is wrong (RFC 9457); `field` names the value it is about.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "field": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "code"],
}
_REFUSALS: Final = ("400", "401", "403", "404", "409", "411", "413", "429", "500", "503")


def only_imports(endpoints: list[tuple[Any, ...]], **kwargs: Any) -> list[tuple[Any, ...]]:
    """The addresses of imports alone."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(_PREFIX)]


def add_refusals(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Every operation can be refused, always in the same form."""
    result["components"]["schemas"]["Refusal"] = _PROBLEM
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    refusals = {status: {"description": "Refused.", "content": content} for status in _REFUSALS}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"] |= refusals
    return result
