"""The audit trail. `record` and `record_many` write it; `entries` makes what actions write together with the events;
`seal_batch` chains it, `verify` checks it.
"""

from identities.audit.differences import differences, plain
from identities.audit.erasure import erase_subject
from identities.audit.record import AuditRow, entries, record, record_many
from identities.audit.seal import seal_batch
from identities.audit.verify import Verification, verify

__all__ = [
    "AuditRow",
    "Verification",
    "differences",
    "entries",
    "erase_subject",
    "plain",
    "record",
    "record_many",
    "seal_batch",
    "verify",
]
