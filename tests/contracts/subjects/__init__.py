"""One module per connector under contract.

Each has a dictionary `SUBJECTS`: label -> a function that takes pytest's `request` (for `request.getfixturevalue`) and
returns a :class:`tests.contracts.subject.ContractSubject` on a fresh, empty system. Modules are found by themselves.

A dictionary `VARIANTS` of the same form, if there is one, names configurations that differ in how accounts live and are
disabled; they run only in the chapters about that.
"""
