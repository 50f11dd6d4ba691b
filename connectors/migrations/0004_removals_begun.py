"""Removals count from when they are begun, not from when their operation is done."""

from datetime import timedelta
from typing import Any

from django.db import migrations, models
from django.db.models import F, Q
from django.utils import timezone


def count_those_of_the_last_hour(apps: Any, schema_editor: Any) -> None:
    """Carry the count of the removal brake over."""
    recent = timezone.now() - timedelta(hours=1)
    removals = apps.get_model("connectors", "Operation").objects.filter(verdict__in=("disable", "delete"))
    removals.filter(state="done", finished_at__gt=recent).update(removal=F("verdict"), removal_at=F("finished_at"))
    removals.filter(state="in_flight").update(removal=F("verdict"), removal_at=F("started_at"))


class Migration(migrations.Migration):
    dependencies = [("connectors", "0003_account_in_the_way")]

    operations = [
        migrations.AddField(
            model_name="operation",
            name="removal",
            field=models.CharField(blank=True, default="", max_length=20),
        ),
        migrations.AddField(
            model_name="operation",
            name="removal_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=Q(removal_at__isnull=False), fields=["system", "removal_at"], name="operation_removal"
            ),
        ),
        migrations.RunPython(count_those_of_the_last_hour, migrations.RunPython.noop),
    ]
