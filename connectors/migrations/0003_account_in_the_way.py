"""Which account stood in the way of a disputed one, so that whoever was refused is told when it goes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0002_system_names_in_any_case")]

    operations = [
        migrations.AddField(
            model_name="link",
            name="disputed_with",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
    ]
