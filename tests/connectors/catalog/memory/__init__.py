"""What the in-memory connector offers to tests, beyond the contract."""
