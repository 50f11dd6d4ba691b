"""Names of connected systems are compared in their folded form, on every database alike."""

from typing import Any

import identities.models.folded_field
from django.core.management.base import CommandError
from django.db import migrations
from identities.canonical import fold


def check_names(apps: Any, schema_editor: Any) -> None:
    """Raise CommandError, naming them, when two systems have the same name but for its case."""
    known: dict[str, str] = {}
    for name in apps.get_model("connectors", "ConnectedSystem").objects.values_list("name", flat=True).order_by("name"):
        other = known.setdefault(fold(name), name)
        if other != name:
            raise CommandError(
                f"The connected systems {other!r} and {name!r} differ by case alone, which is not allowed any more. "
                "Start the version you came from, rename one of them, then start this one again."
            )


def fold_names(apps: Any, schema_editor: Any) -> None:
    """Give every system its folded name."""
    systems = apps.get_model("connectors", "ConnectedSystem").objects
    for pk, name in list(systems.values_list("pk", "name")):
        systems.filter(pk=pk).update(name_key=fold(name))


class Migration(migrations.Migration):
    dependencies = [("connectors", "0005_deaths_over_a_run")]

    operations = [
        migrations.RunPython(check_names, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="connectedsystem", name="one_system_per_name_in_any_case"),
        migrations.AddField(
            model_name="connectedsystem",
            name="name_key",
            field=identities.models.folded_field.UniqueFoldedField(source="name"),
        ),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
    ]
