"""Groups of RFC 2307: members by user name, and a number that no two groups may share."""

from connectors.catalog.ldap.names import first_rdn
from connectors.catalog.ldap.session import Query, Session
from connectors.spi import Rejected

MEMBER_UID = "memberUid"
_PAGE = 500


def uid_of(dn: str) -> str:
    """The user name in the DN of a user (raises Rejected: it is not named by one)."""
    try:
        names = {attribute.lower(): value for attribute, value in first_rdn(dn)}
    except ValueError:
        return dn  # a user name already, of somebody the directory has no entry for
    if "uid" not in names:
        raise Rejected(f"{dn} is not named by its uid, and so cannot be a member of a posixGroup.")
    return names["uid"]


class GroupNumbers:
    """The group numbers of one directory.

    Args:
        first, last: the range that new groups get their number from.
    """

    def __init__(self, session: Session, base_dn: str, first: int, last: int) -> None:
        self._session = session
        self._base_dn = base_dn
        self._range = range(first, last + 1)

    def free(self) -> int:
        """The lowest number of the range that no group has (raises Rejected: there is none)."""
        taken = set(self._taken())
        number = next((each for each in self._range if each not in taken), None)
        if number is None:
            raise Rejected(f"Every group number from {self._range[0]} to {self._range[-1]} is in use: widen the range.")
        return number

    def holders(self, number: int) -> list[str]:
        """The DNs of the groups with this number."""
        query = Query(self._base_dn, f"(&(objectClass=posixGroup)(gidNumber={number}))", ("1.1",))
        return [entry.dn for entry in self._session.search(query)]

    def _taken(self) -> list[int]:
        query, cookie, found = Query(self._base_dn, "(objectClass=posixGroup)", ("gidNumber",)), b"", []
        while True:
            entries, cookie = self._session.search_page(query, _PAGE, cookie)
            found += [int(value) for entry in entries for value in entry.values.get("gidnumber", [])]
            if not cookie:
                return found
