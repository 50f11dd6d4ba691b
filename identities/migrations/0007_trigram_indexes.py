from django.db import migrations

from identities.migrations._postgresql import trigram_index


class Migration(migrations.Migration):
    dependencies = [("identities", "0006_request_log_and_self_tests")]

    operations = [
        trigram_index("multi_value_trigrams", "identities_multivalue", "value_key"),
        trigram_index("user_name_trigrams", "identities_user", "user_name_key"),
        trigram_index("display_name_trigrams", "identities_user", "display_name_key"),
    ]
