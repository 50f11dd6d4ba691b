"""How tables and columns of users and groups are usually called; the more telling name stands first."""

import re

USER_TABLES = ("users", "user", "accounts", "account", "people", "person", "persons", "employees", "employee", "logins")
GROUP_TABLES = ("groups", "group", "teams", "team", "roles", "role")
LOGIN_NAMES = ("login", "username", "loginname", "useraccount", "account", "accountname", "uid", "email", "mail")
GROUP_NAMES = ("name", "groupname", "rolename", "displayname", "title", "code")
MARKER_NAMES = ("externalid", "portalid", "provisioningid", "scimid")
ENABLED_NAMES = ("enabled", "isenabled", "active", "isactive")
DISABLED_NAMES = ("disabled", "isdisabled", "locked", "islocked", "blocked", "isblocked", "suspended", "inactive")
DELETED_NAMES = ("deletedat", "removedat", "deletedon", "isdeleted", "deleted")

_GIVEN, _FAMILY = "user.name.givenName", "user.name.familyName"
USER_EXPRESSIONS = {
    "username": "user.userName",
    "email": "user.primary_email",
    "mail": "user.primary_email",
    "emailaddress": "user.primary_email",
    "firstname": _GIVEN,
    "givenname": _GIVEN,
    "forename": _GIVEN,
    "lastname": _FAMILY,
    "familyname": _FAMILY,
    "surname": _FAMILY,
    "displayname": "user.displayName",
    "fullname": "user.displayName",
    "name": "user.displayName",
    "title": "user.title",
    "jobtitle": "user.title",
    "department": "user.enterprise.department",
    "division": "user.enterprise.division",
    "organization": "user.enterprise.organization",
    "costcenter": "user.enterprise.costCenter",
    "employeenumber": "user.enterprise.employeeNumber",
    "employeeno": "user.enterprise.employeeNumber",
    "personnelnumber": "user.enterprise.employeeNumber",
    "managerid": "user.manager.id",
    "supervisorid": "user.manager.id",
    "phone": "(user.phoneNumbers | first).value",
    "mobile": "(user.phoneNumbers | matching(type='mobile') | first).value",
    "locale": "user.locale",
    "language": "user.preferredLanguage",
    "timezone": "user.timezone",
}
GROUP_EXPRESSIONS = {"name": "group.displayName", "displayname": "group.displayName"}

_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def plain(name: str) -> str:
    """A name without case and punctuation: `E-Mail` and `e_mail` are `email`."""
    return _NOT_PLAIN.sub("", name.lower())
