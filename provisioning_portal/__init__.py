"""The composition root: settings, processes, the admin site and the front page; imported by no other app."""
