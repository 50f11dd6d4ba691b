"""What the house must look like."""
