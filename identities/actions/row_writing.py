"""Writing changed rows, with the columns that are derived from others."""

from collections.abc import Sequence, Set
from typing import Any

from django.db import models

from identities.models.folded_field import FoldedField


def update_rows(rows: Sequence[models.Model], columns: Set[str]) -> None:
    """Write these fields, and the folded columns that follow them, of rows that exist and are locked, in one UPDATE.

    Args:
        rows: one that a batch changed twice may stand here twice, as the same object.

    Raises:
        django.db.IntegrityError: a unique value is taken.
    """
    if not rows:
        return
    # PostgreSQL writes no row twice in one statement.
    rows = list(dict.fromkeys(rows))
    model = type(rows[0])
    written = with_folded(model, columns)
    if len(rows) == 1:
        rows[0].save(update_fields=written)
    else:
        # The rows exist and are locked: an upsert is an UPDATE from a list of rows, which `bulk_update`, a CASE with a
        # branch for each row and column, is many times slower than.
        model._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=written)


def with_folded(model: type[models.Model], columns: Set[str]) -> tuple[str, ...]:
    """These fields and the folded columns that follow them."""
    return tuple(sorted(columns | _folded(model, columns)))


def update_columns(rows: Sequence[Any], columns: Set[str]) -> None:
    """`bulk_update` with the folded columns, which it does not compute by itself."""
    model = type(rows[0])
    folded = _folded(model, columns)
    for name in folded:
        column = model._meta.get_field(name)
        for each in rows:
            column.pre_save(each, False)  # noqa: FBT003  Django's own positional parameter
    model._default_manager.bulk_update(rows, sorted(columns | folded))


def _folded(model: type[models.Model], columns: Set[str]) -> set[str]:
    """The folded columns that follow these; a unique one also follows deletion."""
    return {
        each.name
        for each in model._meta.concrete_fields
        if (source := getattr(each, "source", None))
        and (source in columns or ("deleted_at" in columns and isinstance(each, FoldedField) and each.unique))
    }
