"""Taking back what an import did."""
