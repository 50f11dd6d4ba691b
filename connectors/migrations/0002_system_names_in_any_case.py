"""Connected systems whose names differ by case alone cannot be told apart: there is one of each name."""

from typing import Any

from django.core.management.base import CommandError
from django.db import migrations, models
from django.db.models.functions import Lower


def check_names(apps: Any, schema_editor: Any) -> None:
    """Raise CommandError, naming them, when two systems have the same name but for its case."""
    known: dict[str, str] = {}
    for name in apps.get_model("connectors", "ConnectedSystem").objects.values_list("name", flat=True).order_by("name"):
        other = known.setdefault(name.lower(), name)
        if other != name:
            raise CommandError(
                f"The connected systems {other!r} and {name!r} differ by case alone, which is not allowed any more. "
                "Start the version you came from, rename one of them, then start this one again."
            )


class Migration(migrations.Migration):
    dependencies = [("connectors", "0001_initial")]

    operations = [
        migrations.RunPython(check_names, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="connectedsystem",
            constraint=models.UniqueConstraint(
                Lower("name"),
                name="one_system_per_name_in_any_case",
                violation_error_message="There is a connected system of this name already, in this or another case.",
            ),
        ),
    ]
