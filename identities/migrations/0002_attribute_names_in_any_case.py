"""Custom attributes whose names differ by case only cannot be declared at the same moment."""

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("identities", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="attributedefinition",
            constraint=models.UniqueConstraint(Lower("name"), name="one_attribute_per_name_in_any_case"),
        ),
    ]
