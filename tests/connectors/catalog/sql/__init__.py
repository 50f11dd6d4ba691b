"""The SQL table connector, beyond the contract."""
