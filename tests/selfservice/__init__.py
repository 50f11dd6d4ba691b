"""What people do for themselves, through the pages and in a browser."""
