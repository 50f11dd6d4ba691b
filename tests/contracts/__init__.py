"""What every connector must show, run against every connector that comes with the portal."""
