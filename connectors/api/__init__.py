"""The HTTP API of imports, for programs: a file is sent, its plan read, and applied by its id."""
