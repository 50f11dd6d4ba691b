"""How files are read and what their columns become."""
