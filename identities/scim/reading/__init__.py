"""From queries and rows to answers."""
