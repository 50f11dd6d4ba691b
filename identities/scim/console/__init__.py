"""Trying requests, and testing the service by itself."""
