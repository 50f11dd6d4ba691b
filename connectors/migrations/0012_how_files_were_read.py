from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0011_org_units'),
    ]

    operations = [
        migrations.RenameField(
            model_name='run',
            old_name='stored_file',
            new_name='read_as',
        ),
        migrations.AlterField(
            model_name='run',
            name='read_as',
            field=models.CharField(blank=True, default='', editable=False, max_length=255, verbose_name='read as'),
        ),
    ]
