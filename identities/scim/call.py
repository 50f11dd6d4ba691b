"""What every request handler needs to know of the request."""

from dataclasses import dataclass

from identities.actors import Actor
from identities.filters.attributes import scim_name
from identities.models import ApiClient
from identities.scim.wire.notes import Notes
from identities.scim.wire.tolerance import Tolerance
from identities.scim.wire.versions import NO_PRECONDITIONS, Preconditions


@dataclass(frozen=True, slots=True)
class Call:
    """One request of one client.

    Attributes:
        preconditions: which version of the resource it is meant for.
    """

    client: ApiClient
    actor: Actor
    notes: Notes
    preconditions: Preconditions = NO_PRECONDITIONS

    @property
    def profile(self) -> str:
        """The client's profile."""
        return str(self.client.profile)

    @property
    def tolerance(self) -> Tolerance:
        """What the client may deviate in."""
        return Tolerance(self.profile, self.notes)

    def note_kept(self, names: tuple[str, ...]) -> None:
        """Remark that values (named as actions do) stayed because others own them."""
        for name in names:
            self.notes.add("kept", scim_name(name))
