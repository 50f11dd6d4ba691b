"""People of a file: their rows, the plan, and what is written of them."""
