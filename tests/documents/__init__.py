"""The documents say what is so: commands exist, links lead somewhere, the worked example runs."""
