"""How long the request log of API clients is kept."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from identities.models import ClientRequest

# Lines forgotten at once: a short write, also on SQLite, which lets one write at a time.
SHARE = 500


def forget_old_requests() -> int:
    """Delete some of the lines that are older than PORTAL_REQUEST_LOG_DAYS, the oldest first; how many it was."""
    limit = timezone.now() - timedelta(days=settings.PORTAL_REQUEST_LOG_DAYS)
    over = ClientRequest.objects.filter(at__lt=limit).order_by("at", "pk").values_list("pk", flat=True)
    number, _by_model = ClientRequest.objects.filter(pk__in=list(over[:SHARE])).delete()
    return number
