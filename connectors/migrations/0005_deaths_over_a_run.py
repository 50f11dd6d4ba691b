"""Workers that vanish over an import are counted since it last got any further."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0004_removals_begun")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="worker_deaths",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
