"""Intake: what comes in from files is read, staged, planned and applied through the batch actions of `identities`.

`work` takes an import from stop to stop: `staging` (with the rooms `reading`, files of every format, and `profiles`,
what their columns become), `planning` and `applying` (with `people` and `structure`), and `undo`. What they share
stands beside them: the staged rows, the lease, what is missing from complete files.
"""

from connectors.engine.intake.work import advance, had_nothing_to_apply, work

__all__ = ["advance", "had_nothing_to_apply", "work"]
