"""From requests to actions."""
