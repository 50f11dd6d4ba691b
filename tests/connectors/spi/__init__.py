"""Tests of the interface connectors implement, and of the guarded transport."""
