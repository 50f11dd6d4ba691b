"""Self-tests of the SCIM service."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from identities.vocabulary import SelfTestState


class SelfTest(models.Model):
    """One conformance pass. Claimed by a worker with a lease, and begun anew by the next one if that worker dies.

    Attributes:
        done, total: parts of the pass.
        counts: how many checks ended how. results: the checks, as `identities.scim.console.self_test` writes them.
    """

    state = models.CharField(
        _("state"), max_length=10, default=SelfTestState.WAITING, choices=[(s, s) for s in SelfTestState]
    )
    actor_name = models.CharField(_("started by"), max_length=255)
    created_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)
    counts = models.JSONField(_("checks"), default=dict)
    results = models.JSONField(default=list)
    problem = models.CharField(_("problem"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("self-test")
        verbose_name_plural = _("self-tests")
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=[SelfTestState.WAITING, SelfTestState.RUNNING]),
                name="self_test_unfinished",
            ),
        )

    def __str__(self) -> str:
        return str(_("Self-test %(number)s") % {"number": self.pk})
