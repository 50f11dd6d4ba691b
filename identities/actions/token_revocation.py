"""Revoking tokens, whoever holds them: API clients and people."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.batches import each, in_chunks
from identities.actions.row_writing import update_rows
from identities.errors import IdentityError, NotFound
from identities.models import ApiToken, PersonToken

Token = TypeVar("Token", ApiToken, PersonToken)


def revoke_many(
    rows: "QuerySet[Token]", tokens: Sequence[Token | int], record: Callable[[Sequence[Token]], None]
) -> list[Token | IdentityError]:
    """Make tokens worthless from now on; nothing happens to those that already are. `token_not_found` stands in the
    place of a token that does not exist.

    Args:
        rows: among which they are, joined with what `record` needs.
        record: tells the audit trail of those that were revoked.
    """
    return in_chunks(partial(_revoke, rows, record), tokens)


def _revoke(
    rows: "QuerySet[Token]", record: Callable[[Sequence[Token]], None], tokens: Sequence[Token | int]
) -> list[Token | IdentityError]:
    ids = [token if isinstance(token, int) else token.pk for token in tokens]
    locking: Any = rows.select_for_update(of=("self",), no_key=True)
    locked = {found.pk: found for found in locking.filter(pk__in=ids).order_by("pk")}
    revoked: list[Token] = []

    def step(pk: int) -> Token:
        found: Token | None = locked.get(pk)
        if found is None:
            raise NotFound("token_not_found", _("This token does not exist."))
        if found.revoked_at is None:
            found.revoked_at = timezone.now()
            revoked.append(found)
        return found

    results = each(step, ids)
    update_rows(revoked, {"revoked_at"})
    record(revoked)
    return results
