"""Everything a person or a command may change about connected systems; each one audited."""
