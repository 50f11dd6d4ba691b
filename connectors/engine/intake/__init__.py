"""Intake: what comes in from files is read, staged, planned and applied through the batch actions of `identities`."""

from connectors.engine.intake.work import advance, work

__all__ = ["advance", "work"]
