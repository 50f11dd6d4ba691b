"""The calls of an operation's last attempt, and finding operations by when they ended."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("connectors", "0008_import_content")]

    operations = [
        migrations.AddField(
            model_name="operation",
            name="calls",
            field=models.JSONField(blank=True, default=list, verbose_name="calls"),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=Q(finished_at__isnull=False), fields=["finished_at", "state"], name="operation_ended"
            ),
        ),
    ]
