"""Keeps apart who was deprovisioned by the end date, which a later one undoes, from who was by hand."""

from typing import Any

from django.db import migrations, models
from django.utils import timezone

CHUNK = 500


def find_who_left_by_date(apps: Any, schema_editor: Any) -> None:
    """Mark whose end date has passed, unless the audit trail says that somebody deprovisioned them."""
    entries = apps.get_model("identities", "AuditEntry").objects.filter(verb="user.deprovisioned")
    by_hand = set(entries.exclude(channel="clock").values_list("subject_id", flat=True))
    gone = apps.get_model("identities", "User").objects.filter(state="deprovisioned", end_date__lt=timezone.localdate())
    by_date = [pk for pk in gone.values_list("pk", flat=True) if str(pk) not in by_hand]
    for start in range(0, len(by_date), CHUNK):
        gone.filter(pk__in=by_date[start : start + CHUNK]).update(left_by_date=True)


class Migration(migrations.Migration):
    dependencies = [("identities", "0002_attribute_names_in_any_case")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="left_by_date",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(find_who_left_by_date, migrations.RunPython.noop),
    ]
