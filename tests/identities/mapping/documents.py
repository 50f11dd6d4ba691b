"""A person as expressions see one."""

from typing import Any

ANNA: dict[str, Any] = {
    "id": "0b8d6c1e-58a6-4c0f-a3c6-0c2e5b1f7a10",
    "userName": "Anna.Müller@example.test",
    "name": {"givenName": "Änna", "familyName": "Müller"},
    "active": True,
    "emails": [
        {"value": "anna@home.test", "type": "home"},
        {"value": "anna@work.test", "type": "work", "primary": True},
    ],
    "primary_email": "anna@work.test",
    "title": "",
    "startDate": "2024-03-09",
    "urn:example:extension:2.0:User": {"badge": 42},
    "enterprise": {"department": "Sales", "employeeNumber": "17"},
    "custom": {"floor": 3, "languages": ["de", "en"]},
    "manager": {"id": "11111111-2222-4333-8444-555555555555", "userName": "boss"},
    "groups": [{"id": "g1", "display": "Staff"}, {"id": "g2", "display": "Sales"}],
    "org_unit": None,
}
CONTEXT: dict[str, Any] = {"user": ANNA}
