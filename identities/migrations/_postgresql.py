"""Operations of migrations that only PostgreSQL takes; elsewhere they do nothing."""

from typing import Any

from django.db.migrations.operations import RunSQL

TRIGRAM_INDEX = """
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin ({column} gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE WARNING 'pg_trgm cannot be installed; searching inside of {table}.{column} will be slow';
END $$;
"""


# The tally follows the rows, whoever writes them. A transaction writes one slot, its connection's: two that change the
# people of a client at once do not wait for each other.
TALLY = """
CREATE FUNCTION identities_tally(told uuid, number bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO identities_clienttally (client_id, slot, people) VALUES (told, pg_backend_pid() % 16, number)
    ON CONFLICT (client_id, slot) DO UPDATE SET people = identities_clienttally.people + excluded.people
$$;

CREATE FUNCTION identities_tally_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM identities_tally(client_id, count(*)) FROM (
        SELECT added.client_id FROM added JOIN identities_user person ON person.id = added.user_id
        WHERE added.hidden_at IS NULL AND person.deleted_at IS NULL AND person.kind = 'person') new_ones
    GROUP BY client_id ORDER BY client_id;
    RETURN NULL;
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON identities_clientassociation
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION identities_tally_added();

CREATE FUNCTION identities_tally_hidden() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM identities_tally(NEW.client_id, CASE WHEN NEW.hidden_at IS NULL THEN 1 ELSE -1 END)
    FROM identities_user WHERE id = NEW.user_id AND deleted_at IS NULL AND kind = 'person';
    RETURN NULL;
END $$;
CREATE TRIGGER tally_hidden AFTER UPDATE OF hidden_at ON identities_clientassociation FOR EACH ROW
    WHEN ((OLD.hidden_at IS NULL) <> (NEW.hidden_at IS NULL)) EXECUTE FUNCTION identities_tally_hidden();

CREATE FUNCTION identities_tally_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only where a tally is: a client that is being deleted has none any more.
    UPDATE identities_clienttally SET people = people - 1 WHERE id = (
        SELECT id FROM identities_clienttally WHERE client_id = OLD.client_id ORDER BY slot LIMIT 1)
    AND EXISTS (SELECT FROM identities_user WHERE id = OLD.user_id AND deleted_at IS NULL AND kind = 'person');
    RETURN NULL;
END $$;
CREATE TRIGGER tally_gone AFTER DELETE ON identities_clientassociation FOR EACH ROW
    WHEN (OLD.hidden_at IS NULL) EXECUTE FUNCTION identities_tally_gone();

CREATE FUNCTION identities_tally_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM identities_tally(client_id, CASE WHEN NEW.deleted_at IS NULL AND NEW.kind = 'person' THEN 1 ELSE -1 END)
    FROM (SELECT client_id FROM identities_clientassociation WHERE user_id = NEW.id AND hidden_at IS NULL
          ORDER BY client_id) knowing;
    RETURN NULL;
END $$;
CREATE TRIGGER tally_person AFTER UPDATE OF deleted_at, kind ON identities_user FOR EACH ROW
    WHEN ((OLD.deleted_at IS NULL AND OLD.kind = 'person') <> (NEW.deleted_at IS NULL AND NEW.kind = 'person'))
    EXECUTE FUNCTION identities_tally_person();

INSERT INTO identities_clienttally (client_id, slot, people)
    SELECT known.client_id, 0, count(*) FROM identities_clientassociation known
    JOIN identities_user person ON person.id = known.user_id
    WHERE known.hidden_at IS NULL AND person.deleted_at IS NULL AND person.kind = 'person' GROUP BY known.client_id;
"""
NO_TALLY = """
DROP TRIGGER tally_person ON identities_user;
DROP TRIGGER tally_gone ON identities_clientassociation;
DROP TRIGGER tally_hidden ON identities_clientassociation;
DROP TRIGGER tally_added ON identities_clientassociation;
DROP FUNCTION identities_tally_person, identities_tally_gone, identities_tally_hidden, identities_tally_added;
DROP FUNCTION identities_tally;
"""


class PostgresqlSQL(RunSQL):
    """`RunSQL` on PostgreSQL alone."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run the statements."""
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run those that undo them."""
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def trigram_index(name: str, table: str, column: str) -> PostgresqlSQL:
    """An index for texts that hold a text (`co`, `ew`), where the extension pg_trgm can be had."""
    return PostgresqlSQL(
        TRIGRAM_INDEX.format(name=name, table=table, column=column), f"DROP INDEX IF EXISTS {name}"
    )
