"""The portal's own transport, allowed to reach the servers of the test machine."""

from pathlib import Path

from connectors.spi.addresses import NetworkPolicy
from connectors.spi.guarded_transport import GuardedTransport


def loopback_transport(seconds: float = 30.0, sqlite_dir: Path = Path("/nonexistent")) -> GuardedTransport:
    """A transport with loopback among the allowed networks, and SQLite files below `sqlite_dir`."""
    policy = NetworkPolicy(allowed_networks=("127.0.0.0/8", "::1/128"), sqlite_dir=sqlite_dir)
    return GuardedTransport(policy, seconds)
