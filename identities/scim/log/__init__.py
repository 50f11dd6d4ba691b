"""The request log: what a line says, what is masked in it, and how it is written."""
