"""Which name an object was refused, whether it has an account already or not."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q
from identities.canonical import fold


def note_the_disputed(apps: Any, schema_editor: Any) -> None:
    """Those who were refused a name until now."""
    links = apps.get_model("connectors", "Link").objects
    for pk, key in list(links.filter(state="disputed").values_list("pk", "correlation_key")):
        links.filter(pk=pk).update(refused_key=fold(key)[:1024])


class Migration(migrations.Migration):
    dependencies = [("connectors", "0006_folded_system_names")]

    operations = [
        migrations.AddField(
            model_name="link",
            name="refused_key",
            field=models.CharField(blank=True, max_length=1024, null=True),
        ),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(condition=Q(refused_key__isnull=False), fields=["system"], name="link_refused"),
        ),
        migrations.RunPython(note_the_disputed, migrations.RunPython.noop),
    ]
