"""A whole company through the browser: in, changed by the next file, and that taken back, on three real systems."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.journeys import browsing, company, systems
from tests.journeys.company import Account, Held
from tests.servers.fixtures import PortalFactory
from tests.servers.portal import Portal
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=90), pytest.mark.timeout(300)]
DEMO = Path(__file__).resolve().parents[2] / "provisioning_portal" / "demo_data"
PUSH_SECONDS = 90
PROFILE = "staff"
JOINERS = ("301", "302", "303", "304", "305")
# The first has six reports, who hold the DN of their manager.
MOVERS = ("149", "104", "105", "106", "107", "115", "116")
LEAVERS = ("117", "118", "119")
RENAMED = {"125": "Nayer-Smith", "126": "Mikkilineni-Jones"}
TOUCHED_GROUPS = {"IT", "Marketing", "Purchasing", "Sales"}
EXPLAIN_EVERYBODY = """
import json
from collections import Counter
from connectors.engine.explain import explain_everywhere
from connectors.models import ConnectedSystem
from identities.models import User
from identities.vocabulary import ObjectType
found = Counter()
prefetched = ("mappings", "scope_groups", "scope_org_units")
systems = list(ConnectedSystem.objects.prefetch_related(*prefetched))
for pk in User.objects.filter(kind="person").values_list("pk", flat=True):
    for system, told in zip(systems, explain_everywhere(ObjectType.USER, pk, systems), strict=True):
        found[f"{system.name}: {told.link.state}, {told.decision.verdict}"] += 1
print(json.dumps(found))
"""
Row = dict[str, str]


class Company:
    """One installation in front of three systems."""

    def __init__(self, portal: Portal, slapd: Slapd, application: ScimServer, database: str) -> None:
        """Connect the systems, which are empty as yet."""
        self.portal, self.slapd, self.application, self.database = portal, slapd, application, database
        with psycopg.connect(database) as connection:
            connection.execute(company.TABLES)
        for described in (company.directory(slapd), company.application(application), company.database(database)):
            systems.connect(portal, described)

    def settle(self) -> None:
        """Wait until everything has gone out, and nothing has failed."""
        busy = ("waiting", "retrying", "in_flight")
        status = self.portal.wait(
            ["status"], lambda s: not s["events"] and not any(s["operations"][each] for each in busy), PUSH_SECONDS
        )
        assert [status["operations"][each] for each in ("failed", "disputed", "held")] == [0, 0, 0]

    def assert_holds(self, expected: Held) -> None:
        """Every system holds exactly that."""
        assert company.held_by_directory(self.slapd) == expected
        assert company.held_by_application(self.application) == expected
        assert company.held_by_database(self.database) == expected


class Written:
    """What the systems themselves have noted since this was made."""

    def __init__(self, site: Company) -> None:
        """Begin here."""
        self._site = site
        self._entries, self._stats = company.entries_of(site.slapd), site.slapd.stats()
        self._requests = len(company.requests_of(site.application))
        company.writes_of(site.database)

    def assert_by_directory(self, changed: set[str], *, added: int) -> None:
        """These entries (by the value of their first RDN), and no others, have another entryCSN."""
        now = company.entries_of(self._site.slapd)
        assert self._entries.keys() <= now.keys()
        touched = {company.name_of(entry.dn) for key, entry in now.items() if self._entries.get(key) != entry}
        assert touched == changed
        stats = self._site.slapd.stats()
        counted = {kind: stats[kind] - self._stats[kind] for kind in ("Add", "Modrdn", "Delete")}
        assert counted == {"Add": added, "Modrdn": len(MOVERS), "Delete": 0}

    def assert_by_application(self, changed: set[str], *, added: int) -> None:
        """One request for each of these users; for these groups as many as it took."""
        names = {each["id"]: each["userName"] for each in self._site.application.resources("Users")}
        teams = {each["id"]: each["displayName"] for each in self._site.application.resources("Groups")}
        seen = company.requests_of(self._site.application)[self._requests :]
        assert Counter(method for method, kind, _ in seen if kind == "Users") == +Counter(
            {"POST": added, "PATCH": len(changed)}
        )
        assert {names[key] for method, kind, key in seen if (method, kind) == ("PATCH", "Users")} == changed
        groups = [(method, teams[key]) for method, kind, key in seen if kind == "Groups"]
        assert set(groups) == {("PATCH", name) for name in TOUCHED_GROUPS}

    def assert_by_database(self, changed: set[str], before: Held, after: Held) -> None:
        """Each of these rows once, and each membership that is not on both sides."""
        expected = Counter({("INSERT people", login): 1 for login in after.people.keys() - before.people.keys()})
        expected += Counter({("UPDATE people", login): 1 for login in changed})
        was, is_now = (set(_memberships(held)) for held in (before, after))
        expected += Counter({("DELETE team_members", each): 1 for each in was - is_now})
        expected += Counter({("INSERT team_members", each): 1 for each in is_now - was})
        assert company.writes_of(self._site.database) == expected


@pytest.fixture
def site(portal: PortalFactory, slapd: Slapd, scim_server: ScimServer, postgresql_database: str) -> Company:
    """A portal whose systems are connected."""
    secrets = {"DIRECTORY_PASSWORD": slapd.bind_password, "APPLICATION_TOKEN": scim_server.token}
    return Company(portal("web", "worker", **secrets), slapd, scim_server, postgresql_database)


def test_a_company_comes_in_changes_and_the_change_is_taken_back(site: Company, page: Page, tmp_path: Path) -> None:
    address = site.portal.base_url
    today, tomorrow = _rows("hr_employees_shuffled.csv"), _next_day()
    logins = {row["employee_number"]: row["email"] for row in (*today, *tomorrow)}
    browsing.sign_in_first(page, address, site.portal.user_name, site.portal.password)

    _import_everything(site, page)
    first = _expected(today)
    assert (len(first.people), len(first.groups)) == (107, 11)
    site.assert_holds(first)
    _assert_placed(site, today)
    _assert_explained(site, page)

    written = Written(site)
    browsing.upload(page, address, _file(tmp_path, tomorrow), PROFILE)
    browsing.expect_plan(page, "People: 5 create, 3 disable, 95 unchanged, 9 update")
    browsing.apply(page)
    site.settle()
    leavers = [row for row in today if row["employee_number"] in LEAVERS]
    second = _expected([*tomorrow, *leavers], inactive=LEAVERS)
    site.assert_holds(second)
    _assert_placed(site, [*tomorrow, *leavers])
    changed = {logins[number] for number in (*MOVERS, *LEAVERS, *RENAMED)}
    joined = {logins[number] for number in JOINERS}
    reports = {row["email"] for row in today if row["manager_employee_number"] == MOVERS[0]}
    written.assert_by_directory({*changed, *joined, *reports, *TOUCHED_GROUPS}, added=len(JOINERS))
    written.assert_by_application(changed, added=len(JOINERS))
    written.assert_by_database(changed, first, second)

    written = Written(site)
    browsing.undo(page)
    browsing.expect_plan(page, "People: 5 deprovision, 3 enable again, 9 update")
    browsing.apply(page)
    site.settle()
    former = {login: Account(**{**vars(second.people[login]), "active": False}) for login in joined}
    last = Held({**first.people, **former}, first.groups)
    site.assert_holds(last)
    written.assert_by_directory({*changed, *joined, *reports, *TOUCHED_GROUPS}, added=0)
    written.assert_by_application(changed | joined, added=0)
    written.assert_by_database(changed | joined, second, last)


def _import_everything(site: Company, page: Page) -> None:
    """The tree by the profile that comes with the portal, and then its people by one of our own."""
    browsing.upload(page, site.portal.base_url, DEMO / "hr_org_tree.csv", "org-tree")
    browsing.expect_plan(page, ": 34 create")
    browsing.apply(page)
    employees = DEMO / "hr_employees_shuffled.csv"
    browsing.make_profile(page, site.portal.base_url, PROFILE, employees)
    last_name_first = "row.last_name ~ ', ' ~ row.first_name"
    browsing.change_mapping(page, "display_name", last_name_first, "Zlotkey, Eleni")
    browsing.upload(page, site.portal.base_url, employees, PROFILE)
    browsing.expect_plan(page, "People: 107 create")
    browsing.apply(page)
    site.settle()


def _assert_explained(site: Company, page: Page) -> None:
    """Everybody is linked on every system and there is nothing left to do; one of them by the page that explains."""
    told = json.loads(site.portal.ask("shell", "--no-imports", "--command", EXPLAIN_EVERYBODY))
    names = (company.DIRECTORY, company.APPLICATION, company.DATABASE)
    assert told == {f"{name}: linked, nothing": 107 for name in names}
    page.goto(f"{site.portal.base_url}/admin/identities/user/?q=ajames")
    page.get_by_role("link", name="James, Alexander").click()
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.get_by_role("link", name="Explain").first.click()
    expect(page.get_by_text("linked", exact=True)).to_be_visible()
    expect(page.get_by_text("What would happen now: nothing to do")).to_be_visible()


def _assert_placed(site: Company, rows: Iterable[Row]) -> None:
    """Each OU stands in the one of the unit above it, and each person in theirs."""
    units = {row["code"]: row for row in _rows("hr_org_tree.csv")}
    root = site.slapd.people_dn

    def dn_of(code: str) -> str:
        return f"ou={units[code]['name']},{dn_of(units[code]['parent_code'])}" if code else root

    people = {f"uid={row['email']},{dn_of(row['department_code'])}" for row in rows}
    found = site.slapd.entries(root, "(|(uid=*)(objectClass=organizationalUnit))")
    assert set(found) == {*(dn_of(code) for code in units), *people}


def _expected(rows: Iterable[Row], inactive: Iterable[str] = ()) -> Held:
    """What these rows make of every system."""
    rows = list(rows)
    logins = {row["employee_number"]: row["email"] for row in rows}
    people = {
        row["email"]: Account(
            f"{row['last_name']}, {row['first_name']}",
            row["department"],
            logins.get(row["manager_employee_number"], ""),
            row["employee_number"] not in inactive,
        )
        for row in rows
    }
    teams = {row["department"] for row in rows} - {""}
    members = {name: frozenset(row["email"] for row in rows if row["department"] == name) for name in teams}
    return Held(people, members)


def _memberships(held: Held) -> Iterable[str]:
    return (f"{login} in {name}" for name, members in held.groups.items() for login in members)


def _rows(name: str) -> list[Row]:
    with (DEMO / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _next_day() -> list[Row]:
    """Everybody as before, but for those who joined, moved, left or have another name."""
    rows = [row for row in _rows("hr_employees_shuffled.csv") if row["employee_number"] not in LEAVERS]
    for row in rows:
        if row["employee_number"] in MOVERS:
            row |= {"department_code": "20", "department": "Marketing"}
        row["last_name"] = RENAMED.get(row["employee_number"], row["last_name"])
    joined = {"hire_date": "2026-01-05", "manager_employee_number": "103", "department_code": "60", "department": "IT"}
    for number in JOINERS:
        named = {"first_name": "Joan", "last_name": f"Number {number}", "email": f"joan{number}@example.com"}
        rows.append(dict.fromkeys(rows[0], "") | {"employee_number": number} | named | joined)
    return rows


def _file(folder: Path, rows: list[Row]) -> Path:
    path = folder / "hr_next_day.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path
