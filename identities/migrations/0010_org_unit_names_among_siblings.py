"""Two org units below the same one cannot have the same name: where they had, the later ones get their code beside it."""

from typing import Any

from django.db import migrations, models

from identities.canonical import fold

LENGTH = 255


def tell_siblings_apart(apps: Any, _schema_editor: Any) -> None:
    """Put the code behind the name of every unit whose name an older sibling has."""
    units = apps.get_model("identities", "OrgUnit").objects.filter(deleted_at=None).order_by("created_at", "id")
    taken: set[tuple[Any, str]] = set()
    doubles = []
    for unit in units:
        if (unit.parent_id, unit.name_key) in taken:
            doubles.append(unit)
        taken.add((unit.parent_id, unit.name_key))
    for unit in doubles:
        behind = f" ({unit.code[:100]})"
        unit.name = unit.name[: LENGTH - len(behind)] + behind
        if (unit.parent_id, fold(unit.name)) in taken:
            unit.name = str(unit.id)
        taken.add((unit.parent_id, fold(unit.name)))
        unit.save(update_fields=["name", "name_key"])


class Migration(migrations.Migration):
    dependencies = [("identities", "0009_client_tallies")]

    operations = [
        migrations.RunPython(tell_siblings_apart, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="orgunit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)),
                fields=("parent", "name_key"),
                name="one_org_unit_per_name_below_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="orgunit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None), ("parent", None)),
                fields=("name_key",),
                name="one_org_unit_per_name_at_the_top",
            ),
        ),
    ]
