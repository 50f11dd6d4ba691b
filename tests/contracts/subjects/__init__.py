"""One module per connector under contract.

Each has a dictionary `SUBJECTS`: label -> a function that takes pytest's `request` (for `request.getfixturevalue`) and
returns a :class:`tests.contracts.subject.ContractSubject` on a fresh, empty system. Modules are found by themselves.

A dictionary `VARIANTS` of the same form, if there is one, names configurations that differ in how accounts live and are
disabled; they run only in the chapters about that.

A dictionary `LACKING`, label -> abilities, names what a subject does not have: `disabling` (accounts are removed
instead), `nested_groups`, `several` (no attribute of users takes several texts). The tests about it are left out, and
the connector must not claim it.
"""
