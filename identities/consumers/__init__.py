"""Consumers of change events: they claim deliveries and act on them by actions."""
