"""Intake: what comes in from files is read, staged, planned and applied through the batch actions of `identities`."""

from connectors.engine.intake.work import advance, had_nothing_to_apply, work

__all__ = ["advance", "had_nothing_to_apply", "work"]
