"""Pure decisions about identities: values in, verdicts out. No clock, no database, no Django."""
