"""Import profiles: how files are read and what their columns become."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, get_type_hints

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from connectors.engine.intake.profiles.attributes import KEY_ATTRIBUTES, importable_attributes
from connectors.engine.intake.profiles.profile import Options, columns_of, computed_row
from connectors.engine.intake.reading import WrongSettingError
from connectors.models import ImportMapping, ImportProfile
from connectors.vocabulary import ImportContent, RunKind, RunState
from identities import audit
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import Conflict, NotFound, RuleViolation
from identities.mapping import ExpressionError, MappingRow
from identities.vocabulary import MappingKind, Verb

HR_PROFILE: Final = "hr"
_HR_OPTIONS: Final = {
    "manager_column": "manager_employee_number",
    "department_code_column": "department_code",
    "department_name_column": "department",
    "department_manager_column": "manager_employee_number",
    "departments_file": "hr_departments.csv",
    "groups_from_departments": True,
}
_HR_COLUMNS: Final = {
    "employee_number": "employee_number",
    "user_name": "email",
    "given_name": "first_name",
    "family_name": "last_name",
    "title": "job_title",
    "department": "department",
    "start_date": "hire_date",
    "emails": "email",
    "phoneNumbers": "phone",
    "addresses.locality": "city",
    "addresses.region": "state_province",
}
ORG_TREE_PROFILE: Final = "org-tree"
_ORG_TREE_COLUMNS: Final = {
    "code": "code",
    "name": "name",
    "parent": "parent_code",
    "manager": "manager_employee_number",
}
_HR_EXPRESSIONS: Final = {"display_name": "row.first_name ~ ' ' ~ row.last_name"}

# A profile's name is part of the origin of every value it wrote, and the name of its drop folder.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_CHANGEABLE: Final = (
    "description", "content", "key_column", "complete", "missing_limit", "missing_limit_percent", "options",
)  # fmt: skip
OPEN_STATES: Final = (RunState.WAITING, RunState.STAGING, RunState.PLANNED, RunState.APPLYING)


def profile_named(name: str, *, actor: Actor) -> ImportProfile:
    """The import profile of this name; those for the personnel file and the org tree are made when they are first
    asked for.

    Raises:
        NotFound: there is no such profile.
    """
    stored = None if "\0" in name else ImportProfile.objects.filter(name=name).first()
    if stored is None and name == HR_PROFILE:
        return _create_hr_profile(actor)
    if stored is None and name == ORG_TREE_PROFILE:
        return _create_org_tree_profile(actor)
    if stored is None:
        raise NotFound("unknown_profile", f"There is no import profile {name}.", field="profile")
    return stored


def create_profile(name: str, rows: Sequence[MappingRow], *, actor: Actor, **values: Any) -> ImportProfile:
    """Create a profile with its mapping.

    Args:
        name: letters, digits, hyphens and underscores; it cannot be changed later, because the values that are
            imported carry it.
        rows: how each attribute is computed, in this order; sources read `row`.
        values: columns of `ImportProfile`; what is not named is as its model says.

    Raises:
        RuleViolation, Conflict: `field` names the value; for a mapping row it is `mappings`, and the facts `row` (from
            0), `part` and, for an expression, `position` say where.
    """
    if not _NAME.fullmatch(name):
        text = _(
            "The name may have letters, digits, hyphens and underscores, at most 60, and begins with none of those."
        )
        raise RuleViolation("invalid_name", text, field="name")
    with transaction.atomic():
        taken = ImportProfile.objects.select_for_update().values_list("name", flat=True)
        if fold(name) in {fold(each) for each in taken}:
            raise Conflict(
                "profile_name_taken", _("There is a profile %(name)s already.") % {"name": name}, field="name"
            )
        now = timezone.now()
        profile = ImportProfile(name=name, created_at=now, modified_at=now)
        _take(profile, values)
        _check_rows(profile, rows)
        profile.save(force_insert=True)
        _write_rows(profile, rows)
        changes = {field: (None, audit.plain(getattr(profile, field))) for field in ("name", *_CHANGEABLE)}
        changes["mappings"] = (None, [_text(row) for row in rows])
        audit.record(Verb.PROFILE_CREATED, profile, actor=actor, changes=changes)
    return profile


def update_profile(
    profile: ImportProfile | int, *, actor: Actor, rows: Sequence[MappingRow] | None = None, **values: Any
) -> bool:
    """Change a profile; return whether anything differs now. An import that is planned keeps the plan it has.

    Args:
        rows, values: as for `create_profile`; what is not given stays.

    Raises:
        NotFound: it was deleted. RuleViolation: as for `create_profile`.
    """
    with transaction.atomic():
        locked = _locked(profile)
        before = {field: audit.plain(getattr(locked, field)) for field in _CHANGEABLE}
        stored = [row.plain() for row in locked.mappings.all()]
        wanted = stored if rows is None else list(rows)
        _take(locked, values)
        _check_rows(locked, wanted)
        after = {field: audit.plain(getattr(locked, field)) for field in _CHANGEABLE}
        changes: dict[str, Any] = {f: (before[f], after[f]) for f in _CHANGEABLE if before[f] != after[f]}
        if [_text(row) for row in stored] != [_text(row) for row in wanted]:
            changes["mappings"] = ([_text(row) for row in stored], [_text(row) for row in wanted])
            locked.mappings.all().delete()
            _write_rows(locked, wanted)
        if not changes:
            return False
        locked.modified_at = timezone.now()
        locked.save()
        audit.record(Verb.PROFILE_CHANGED, locked, actor=actor, changes=changes)
    return True


def delete_profile(profile: ImportProfile | int, *, actor: Actor) -> None:
    """Delete a profile. What it imported stays, under its name; so do its runs.

    Raises:
        NotFound: it was deleted. RuleViolation: an import by it is not over.
    """
    with transaction.atomic():
        locked = _locked(profile)
        if locked.runs.filter(kind__in=(RunKind.IMPORT, RunKind.UNDO), state__in=OPEN_STATES).exists():
            text = _("An import by %(name)s is not over: apply or cancel it first.") % {"name": locked.name}
            raise RuleViolation("profile_in_use", text)
        audit.record(Verb.PROFILE_DELETED, locked, actor=actor)
        locked.delete()


def check_row(content: ImportContent, number: int, row: MappingRow, known: Sequence[str] | None = None) -> None:
    """Refuse a mapping row that cannot be computed (raises RuleViolation; see `create_profile`).

    Args:
        number: its place, from 0.
        known: the attributes that content can have, if the caller has them already.
    """
    if row.attribute not in (importable_attributes(content) if known is None else known):
        text = _("there is no attribute %(name)s to be imported") % {"name": row.attribute or "-"}
        raise _refusal("unknown_attribute", number, "attribute", text)
    if row.kind == MappingKind.DIRECT and not row.source.strip():
        raise _refusal("no_source", number, "source", _("%(name)s names no column") % {"name": row.attribute})
    try:
        computed_row(row)
    except ExpressionError as error:
        place = "" if error.position is None else _(", at character %(number)d") % {"number": error.position + 1}
        text = f"{row.attribute}{place}: {error}"
        raise _refusal("invalid_mapping", number, "source", text, error.position) from error


def _refusal(code: str, number: int, part: str, text: str, position: int | None = None) -> RuleViolation:
    message = _("Mapping %(number)d: %(text)s") % {"number": number + 1, "text": text}
    return RuleViolation(code, message, field="mappings", row=number, part=part, position=position)


def _check_rows(profile: ImportProfile, rows: Sequence[MappingRow]) -> None:
    content = ImportContent(profile.content)
    known, seen = importable_attributes(content), set[str]()
    for number, row in enumerate(rows):
        check_row(content, number, row, known)
        if row.attribute in seen:
            text = _("%(name)s is mapped twice") % {"name": row.attribute}
            raise _refusal("mapped_twice", number, "attribute", text)
        seen.add(row.attribute)
    key = KEY_ATTRIBUTES[content]
    if columns_of(row for row in rows if row.kind == MappingKind.DIRECT).get(key) != profile.key_column:
        told = {"column": profile.key_column, "attribute": key}
        text = _("Map %(attribute)s directly from the key column %(column)s: by it a row is known again.") % told
        raise RuleViolation("key_not_mapped", text, field="key_column")


def _take(profile: ImportProfile, values: Mapping[str, Any]) -> None:
    """Put checked values into a profile."""
    for field, value in values.items():
        if field not in _CHANGEABLE:
            raise RuleViolation("unknown_attribute", f"Import profiles have no {field}.", field=field)
        setattr(profile, field, _clean(field, value))


def _clean(field: str, value: Any) -> Any:
    if field == "options":
        return _clean_options(value)
    if field == "content":
        try:
            return ImportContent(value)
        except ValueError:
            raise RuleViolation("invalid_value", f"content: {value} is none of its values.", field=field) from None
    if field == "key_column" and not str(value).strip():
        raise RuleViolation("no_key", _("Name the column by which a row is known again."), field=field)
    model_field = ImportProfile._meta.get_field(field)
    try:
        return model_field.clean(value, None)
    except ValidationError as error:
        raise RuleViolation("invalid_value", f"{field}: {' '.join(error.messages)}", field=field) from error


def _clean_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those options that differ from their defaults."""
    types, defaults = get_type_hints(Options), asdict(Options())
    for name, value in given.items():
        if name not in types:
            raise RuleViolation("unknown_option", f"Import profiles have no option {name}.", field=f"options.{name}")
        if not isinstance(value, types[name]):
            raise RuleViolation("invalid_value", f"{name} is no {types[name].__name__}.", field=f"options.{name}")
    try:
        Options(**given).reading  # noqa: B018  it is the check
    except WrongSettingError as wrong:
        raise RuleViolation("invalid_value", str(wrong), field=f"options.{wrong.setting}") from wrong
    return {name: given[name] for name in types if name in given and given[name] != defaults[name]}


def _locked(profile: ImportProfile | int) -> ImportProfile:
    pk = profile.pk if isinstance(profile, ImportProfile) else profile
    found = ImportProfile.objects.select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotFound("unknown_profile", _("This import profile does not exist any more."))
    return found


def _write_rows(profile: ImportProfile, rows: Sequence[MappingRow]) -> None:
    ImportMapping.objects.bulk_create(
        ImportMapping(
            profile=profile,
            attribute=row.attribute,
            kind=row.kind,
            source=row.source,
            apply=row.apply,
            clear_when_null=row.clear_when_null,
            position=position,
        )
        for position, row in enumerate(rows)
    )


def _text(row: MappingRow) -> str:
    return (
        f"{row.attribute} = {row.kind} {row.source!r}, {row.apply}{', clear when null' if row.clear_when_null else ''}"
    )


def _create_hr_profile(actor: Actor) -> ImportProfile:
    direct = [MappingRow(attribute, source=column) for attribute, column in _HR_COLUMNS.items()]
    computed = [MappingRow(a, kind=MappingKind.EXPRESSION, source=source) for a, source in _HR_EXPRESSIONS.items()]
    return create_profile(
        HR_PROFILE,
        [*direct, *computed],
        actor=actor,
        description="People and departments of the personnel file",
        key_column="employee_number",
        options=_HR_OPTIONS,
    )


def _create_org_tree_profile(actor: Actor) -> ImportProfile:
    return create_profile(
        ORG_TREE_PROFILE,
        [MappingRow(attribute, source=column) for attribute, column in _ORG_TREE_COLUMNS.items()],
        actor=actor,
        description="The tree of org units",
        content=ImportContent.ORG_UNITS,
        key_column="code",
    )
