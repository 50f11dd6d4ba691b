"""OAuth tokens that are worth nothing any more."""

from allauth.idp.oidc.models import Token
from django.utils import timezone

# Forgotten at once: a short write, also on SQLite, which lets one write at a time.
SHARE = 500


def forget_expired_tokens() -> int:
    """Delete some of the OAuth tokens that have expired; how many it was."""
    over = Token.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at").values_list("pk", flat=True)
    number, _by_model = Token.objects.filter(pk__in=list(over[:SHARE])).delete()
    return number
