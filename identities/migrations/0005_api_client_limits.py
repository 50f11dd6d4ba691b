"""What an API client sees and may write, how often it may call, and its OAuth client."""

import django.db.models.deletion
import identities.vocabulary
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('allauth_idp_oidc', '0003_client_allow_uri_wildcards'),
        ('identities', '0004_person_tokens_and_attribute_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='apiclient',
            name='bounds',
            field=models.TextField(blank=True, default='', verbose_name='only people who match'),
        ),
        migrations.AddField(
            model_name='apiclient',
            name='oauth_client',
            field=models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='api_client', to='allauth_idp_oidc.client'),
        ),
        migrations.AddField(
            model_name='apiclient',
            name='rate_limit',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='requests in 10 seconds'),
        ),
        migrations.AddField(
            model_name='apiclient',
            name='read_only_attributes',
            field=models.JSONField(blank=True, default=list, verbose_name='may not write'),
        ),
        migrations.AddField(
            model_name='apiclient',
            name='sight',
            field=models.CharField(choices=[(identities.vocabulary.ClientSight['OWN'], identities.vocabulary.ClientSight['OWN']), (identities.vocabulary.ClientSight['EVERYBODY'], identities.vocabulary.ClientSight['EVERYBODY'])], default=identities.vocabulary.ClientSight['OWN'], max_length=20, verbose_name='sees'),
        ),
        migrations.AlterField(
            model_name='apiclient',
            name='adoption_rule',
            field=models.CharField(choices=[(identities.vocabulary.AdoptionRule['REFUSE'], identities.vocabulary.AdoptionRule['REFUSE']), (identities.vocabulary.AdoptionRule['USER_NAME'], identities.vocabulary.AdoptionRule['USER_NAME']), (identities.vocabulary.AdoptionRule['VERIFIED_EMAIL'], identities.vocabulary.AdoptionRule['VERIFIED_EMAIL'])], default=identities.vocabulary.AdoptionRule['REFUSE'], max_length=20, verbose_name='people who already exist'),
        ),
    ]
