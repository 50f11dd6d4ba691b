"""The resources this service speaks of."""
