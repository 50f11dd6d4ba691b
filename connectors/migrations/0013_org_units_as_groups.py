from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

import connectors.spi.objects
import connectors.vocabulary


def _held_as_they_are_called(apps: Any, schema_editor: Any) -> None:
    """So far everything was held as the class that is called like its type."""
    apps.get_model("connectors", "Link").objects.update(object_class=F("object_type"))


class Migration(migrations.Migration):

    dependencies = [
        ("connectors", "0012_how_files_were_read"),
    ]

    operations = [
        migrations.AlterField(
            model_name="connectedsystem",
            name="provisions_org_units",
            field=models.CharField(
                choices=[(each, each) for each in connectors.vocabulary.OrgUnitProvisioning],
                default=connectors.vocabulary.OrgUnitProvisioning.NONE,
                max_length=10,
                verbose_name="org units are provisioned",
            ),
        ),
        migrations.AddField(
            model_name="connectedsystem",
            name="org_unit_class",
            field=models.CharField(
                choices=[(each, each) for each in connectors.spi.objects.ObjectClass],
                default=connectors.spi.objects.ObjectClass.ORG_UNIT,
                editable=False,
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="object_class",
            field=models.CharField(
                choices=[(each, each) for each in connectors.spi.objects.ObjectClass],
                default="user",
                max_length=10,
                verbose_name="held as",
            ),
            preserve_default=False,
        ),
        migrations.RunPython(_held_as_they_are_called, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="link", name="one_link_per_remote_object"),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                condition=Q(remote_id__isnull=False),
                fields=("system", "object_class", "remote_id"),
                name="one_link_per_remote_object",
            ),
        ),
    ]
