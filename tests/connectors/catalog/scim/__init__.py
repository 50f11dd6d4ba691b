"""The SCIM connector, against a real server and against peers that differ from the standard."""
