"""Change events and their delivery to each consumer (the transactional outbox)."""

from django.db import models
from django.db.models import Q


class ChangeEvent(models.Model):
    """Something about an identity object changed. Written in the transaction of the change, by `identities.outbox`.

    `attributes` names what changed; `facts` carries what can no longer be read later (the people a move touched, the
    group left).
    """

    kind = models.CharField(max_length=40)
    object_type = models.CharField(max_length=20)
    object_id = models.UUIDField()
    attributes = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    origin = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=255)
    correlation_id = models.CharField(max_length=64)
    urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class Delivery(models.Model):
    """One change event for one consumer, claimed by a worker for a while, done once acted upon."""

    event = models.ForeignKey(ChangeEvent, on_delete=models.CASCADE, related_name="deliveries")
    consumer = models.CharField(max_length=20)
    claimed_by = models.CharField(max_length=80, blank=True, default="")
    claimed_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["event", "consumer"], name="one_delivery_per_consumer"),)
        indexes = (models.Index(fields=["consumer", "id"], condition=Q(done_at__isnull=True), name="delivery_pending"),)

    def __str__(self) -> str:
        return f"{self.event_id} to {self.consumer}"
