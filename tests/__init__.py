"""The tests of the portal, on real servers."""
