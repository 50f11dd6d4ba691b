"""Mapping expressions, paths and rows."""
