"""Who a token belongs to, remembered for a moment.

No process keeps a verdict longer than PORTAL_VERDICT_SECONDS: a revoked token, a disabled client and narrowed scopes
are effective so much later at most. Only good verdicts are kept: whoever tries tokens fills no memory.
"""

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from django.conf import settings

from identities.queries.tokens import token_digest

Verdict = TypeVar("Verdict")
_MOST: Final = 1000


class Verdicts(Generic[Verdict]):
    """The verdicts of this process, by the digest of the token."""

    def __init__(self, judge: Callable[[str], Verdict | None]) -> None:
        """`judge` looks a token up in the database."""
        self._judge = judge
        self._kept: dict[str, tuple[float, Verdict]] = {}

    def of(self, text: str) -> Verdict | None:
        """Whoever presents this token, as the database said a moment ago or says now."""
        now, digest = time.monotonic(), token_digest(text)
        until, verdict = self._kept.get(digest, (0.0, None))
        if now < until:
            return verdict
        verdict = self._judge(text)
        if verdict is not None and settings.PORTAL_VERDICT_SECONDS:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[digest] = (now + settings.PORTAL_VERDICT_SECONDS, verdict)
        return verdict
