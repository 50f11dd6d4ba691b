"""One module per connector under contract.

Each has a dictionary `SUBJECTS`: label -> a function that takes pytest's `request` (for `request.getfixturevalue`) and
returns a :class:`tests.contracts.subject.ContractSubject` on a fresh, empty system. The modules are found by themselves.
"""
