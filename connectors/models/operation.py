"""The durable queue: one object to converge on one system, and once done, the log of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from connectors.models.run import Run
from connectors.models.system import ConnectedSystem
from connectors.vocabulary import Lane, OperationState
from identities.vocabulary import ObjectType


class Operation(models.Model):
    """Says that an object must be converged on a system, not what to write: the worker re-reads everything when it
    runs.

    At most one row per (system, object) waits and at most one is in flight. A claim sets owner, lease end, fence + 1
    and attempt + 1 and is committed before the first remote call; finishing is conditional on the fence.

    Attributes:
        due_at: not claimed before. created_at: since when the change waits (kept when more changes join).
        held_verdict: the removal a brake stopped. released: a person let it through.
        removal, removal_at: the removal that was begun last and may have been carried out, whatever became of its
            worker: what the brake counts.
        error_class, message, detail: how the last attempt ended. steps: the decision's explanation. difference: what
            was written. calls: the calls of the last attempt and how long each took.
        worker_deaths: how often a lease ran out because its worker vanished.
    """

    system = models.ForeignKey(ConnectedSystem, on_delete=models.CASCADE, related_name="operations")
    object_type = models.CharField(_("object"), max_length=10, choices=[(o, o) for o in ObjectType])
    object_id = models.UUIDField(db_index=True)
    object_name = models.CharField(_("name"), max_length=255, blank=True, default="")
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="operations")
    lane = models.PositiveSmallIntegerField(
        _("lane"), default=Lane.INTERACTIVE, choices=[(lane.value, lane.name.lower()) for lane in Lane]
    )
    state = models.CharField(
        _("state"), max_length=12, default=OperationState.WAITING, choices=[(s, s) for s in OperationState]
    )
    due_at = models.DateTimeField(_("next attempt"))
    attempt = models.PositiveIntegerField(_("attempts"), default=0)
    worker_deaths = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=80, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)

    verdict = models.CharField(_("verdict"), max_length=20, blank=True, default="")
    held_verdict = models.CharField(max_length=20, blank=True, default="")
    released = models.BooleanField(default=False)
    removal = models.CharField(max_length=20, blank=True, default="")
    removal_at = models.DateTimeField(null=True, blank=True)
    error_class = models.CharField(_("error"), max_length=20, blank=True, default="", db_index=True)
    message = models.TextField(_("message"), blank=True, default="")
    detail = models.TextField(_("detail"), blank=True, default="")
    steps = models.JSONField(_("steps"), default=list, blank=True)
    difference = models.JSONField(_("difference"), default=dict, blank=True)
    calls = models.JSONField(_("calls"), default=list, blank=True)
    cause = models.CharField(_("cause"), max_length=255, blank=True, default="")
    correlation_id = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created"), db_index=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["system", "object_type", "object_id"],
                condition=Q(state=OperationState.WAITING),
                name="one_waiting_operation",
            ),
            models.UniqueConstraint(
                fields=["system", "object_type", "object_id"],
                condition=Q(state=OperationState.IN_FLIGHT),
                name="one_operation_in_flight",
            ),
        )
        indexes = (
            models.Index(
                fields=["system", "lane", "due_at", "id"],
                condition=Q(state=OperationState.WAITING),
                name="operation_claim",
            ),
            models.Index(fields=["lease_until"], condition=Q(state=OperationState.IN_FLIGHT), name="operation_lease"),
            models.Index(fields=["system", "state", "finished_at"], name="operation_history"),
            models.Index(
                fields=["system", "removal_at"], condition=Q(removal_at__isnull=False), name="operation_removal"
            ),
            models.Index(
                fields=["finished_at", "state"], condition=Q(finished_at__isnull=False), name="operation_ended"
            ),
            models.Index(fields=["object_id", "-id"], name="operation_object"),
            models.Index(fields=["state", "-id"], name="operation_state"),
        )

    def __str__(self) -> str:
        return f"{self.object_name} on {self.system}"
