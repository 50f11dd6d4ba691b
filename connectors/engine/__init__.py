"""The engine: from change events to remote writes."""
