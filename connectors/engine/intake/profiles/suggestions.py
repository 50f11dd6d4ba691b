"""What the columns of a file probably mean, by their names."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.engine.intake.profiles.attributes import KEY_ATTRIBUTES
from connectors.vocabulary import ImportContent
from identities.mapping import MappingRow
from identities.vocabulary import MappingKind

# Names of columns, in the order of preference, as `_plain` writes them: small letters and digits alone.
_PEOPLE: Final[dict[str, str]] = {
    "employee_number": (
        "employeenumber employeeid employeeno employeenr employeecode empid empno empnumber personnelnumber "
        "personnelno personnelid personalnummer personalnr persnr pernr mitarbeiternummer mitarbeiternr mitarbeiterid "
        "staffnumber staffid staffno workerid workernumber payrollnumber payrollid matricule numeroempleado externalid "
        "personid"
    ),
    "user_name": (
        "username userid login loginname logon logonname samaccountname uid userprincipalname upn account accountname "
        "benutzername benutzer anmeldename benutzerkennung kennung identifiant usuario"
    ),
    "given_name": "givenname firstname forename vorname vornamen rufname prenom nombre nome namegivenname",
    "family_name": "familyname lastname surname sn nachname familienname zuname nom apellido cognome namefamilyname",
    "middle_name": "middlename middleinitial secondname zweitervorname",
    "honorific_prefix": "honorificprefix salutation anrede prefix namensvorsatz academictitle akademischertitel",
    "honorific_suffix": "honorificsuffix suffix generationqualifier namenszusatz",
    "display_name": "displayname fullname commonname cn name anzeigename vollername nomcomplet gecos",
    "nick_name": "nickname spitzname",
    "emails": (
        "email mail emailaddress mailaddress emailadresse mailadresse emails workemail businessemail dienstmail "
        "primaryemail workmail companyemail courriel correo"
    ),
    "phoneNumbers": (
        "phonenumbers phone phonenumber telephone telephonenumber tel telefon telefonnummer telnr workphone "
        "businessphone officephone rufnummer durchwahl mobile mobilephone handy"
    ),
    "title": "title jobtitle position jobposition role stelle stellenbezeichnung funktion berufsbezeichnung beruf job",
    "department": "department dept departmentname deptname abteilung abteilungsname bereich service ou orgunit team",
    "division": "division divisionname sparte geschaeftsbereich",
    "organization": "organization organisation company companyname o firma unternehmen gesellschaft societe",
    "cost_center": "costcenter costcentre kostenstelle kst costcenterid",
    "user_type": "usertype employeetype employmenttype contracttype mitarbeitertyp beschaeftigungsart",
    "start_date": (
        "startdate hiredate hired joindate joiningdate entrydate dateofhire eintritt eintrittsdatum beginn "
        "einstellungsdatum employeehiredate datumeintritt"
    ),
    "end_date": (
        "enddate leavedate leavingdate terminationdate exitdate lastday lastworkingday austritt austrittsdatum ende "
        "employeeleavedatetime datumaustritt"
    ),
    "preferred_language": "preferredlanguage language lang sprache langue",
    "locale": "locale",
    "timezone": "timezone zeitzone tz",
    "addresses.streetAddress": "streetaddress street address strasse anschrift rue",
    "addresses.postalCode": "postalcode zip zipcode postcode plz postleitzahl",
    "addresses.locality": "locality city town l ort stadt standort ville",
    "addresses.region": "stateprovince state st province bundesland region",
    "addresses.country": "country countrycode co c land pays",
}
_PEOPLE_OPTIONS: Final[dict[str, str]] = {
    "manager_column": (
        "manageremployeenumber manageremployeeid managernumber managerid manager supervisorid supervisor reportsto "
        "reportstoid linemanager linemanagerid bossid vorgesetzter vorgesetztenummer vorgesetzternr "
        "personalnummervorgesetzter fuehrungskraft managerpersonnelnumber"
    ),
    "department_code_column": (
        "departmentcode deptcode departmentid deptid departmentnumber deptno deptnumber orgunitcode orgunitid oucode "
        "abteilungsnummer abteilungsnr abteilungskuerzel abteilungscode abteilungsid orgeinheit"
    ),
}
_ORG_UNITS: Final[dict[str, str]] = {
    "code": (
        "code orgunitcode departmentcode deptcode unitcode id orgunitid departmentid deptid unitid number nummer "
        "kuerzel schluessel abteilungsnummer abteilungsnr costcenter kostenstelle"
    ),
    "name": "name orgunit orgunitname department departmentname dept unit unitname title bezeichnung abteilung bereich",
    "parent": (
        "parent parentcode parentid parentorgunit parentunit parentdepartment parentdepartmentcode parentcodes "
        "divisioncode division uebergeordnet uebergeordneteeinheit belongsto partof superior"
    ),
    "manager": (
        "manager managerid manageremployeenumber manageremployeeid head headid lead leader leiter leitung "
        "abteilungsleiter verantwortlicher"
    ),
}
_GROUPS: Final[dict[str, str]] = {
    "display_name": "displayname name group groupname cn title gruppe gruppenname team teamname role rolename",
    "description": "description desc beschreibung purpose comment zweck notes",
}
_MEMBERSHIPS: Final[dict[str, str]] = {
    "group": "group groupname groupid displayname cn team teamname role rolename gruppe gruppenname groupe",
    "member": (
        "member memberid user userid username employeenumber employeeid personnelnumber personalnummer personalnr "
        "person uid login email mail mitglied benutzer memberuid mitarbeiternummer"
    ),
}
_WORDS: Final[dict[ImportContent, Mapping[str, str]]] = {
    ImportContent.PEOPLE: {**_PEOPLE_OPTIONS, **_PEOPLE},
    ImportContent.ORG_UNITS: _ORG_UNITS,
    ImportContent.GROUPS: _GROUPS,
    ImportContent.MEMBERSHIPS: _MEMBERSHIPS,
}
_OWN_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "o", "å": "a", "æ": "ae"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A column mapping to begin with.

    Attributes:
        key_column: names who or what a row is about; empty if no column looks like it.
        rows: how attributes are computed.
        options: the columns that a profile's options name, such as that of the manager.
        unused: columns of the file that mean nothing we know.
    """

    key_column: str
    rows: tuple[MappingRow, ...]
    options: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()


def suggest_mapping(content: ImportContent, header: Sequence[str], attributes: Sequence[str] = ()) -> Suggestion:
    """What the columns of a file of this content probably are. Every column is used for one thing, except that people
    without a user name are known by their e-mail address.

    Args:
        attributes: further attributes, such as custom ones, that are found by their own names.
    """
    words = _WORDS[content]
    found = _found({**words, **{name: "" for name in attributes if name not in words}}, header)
    options = {name: found.pop(name) for name in _PEOPLE_OPTIONS if content == ImportContent.PEOPLE and name in found}
    unused = tuple(name for name in header if name not in (*found.values(), *options.values()))
    if content == ImportContent.PEOPLE:
        if "department_code_column" in options and "department" in found:
            options["department_name_column"] = found["department"]
        if "user_name" not in found and "emails" in found:
            found["user_name"] = found["emails"]
    rows = [MappingRow(attribute, MappingKind.DIRECT, column) for attribute, column in found.items()]
    rows += _display_name(found) if content == ImportContent.PEOPLE else []
    return Suggestion(found.get(KEY_ATTRIBUTES[content], ""), tuple(rows), options, unused)


def _found(words: Mapping[str, str], header: Sequence[str]) -> dict[str, str]:
    """The column of each attribute for which there is one. Exact names come before those of the field."""
    columns: dict[str, str] = {}
    for name in header:
        columns.setdefault(_plain(name), name)
    found: dict[str, str] = {}
    for attribute in words:
        if (own := _plain(attribute)) in columns:
            found[attribute] = columns.pop(own)
    for attribute, names in words.items():
        known = next((name for name in names.split() if name in columns), None)
        if known and attribute not in found:
            found[attribute] = columns.pop(known)
    return {attribute: found[attribute] for attribute in words if attribute in found}


def _plain(name: str) -> str:
    """A column name by which spellings are compared: `E-Mail`, `e_mail` and `EMAIL` are one."""
    folded = name.casefold().translate(_OWN_LETTERS)
    letters = unicodedata.normalize("NFKD", folded)
    return re.sub(r"[^a-z0-9]", "", letters) or folded


def _display_name(found: Mapping[str, str]) -> list[MappingRow]:
    given, family = found.get("given_name"), found.get("family_name")
    if "display_name" in found or not given or not family:
        return []
    quoted = (name.replace("\\", "\\\\").replace("'", "\\'") for name in (given, family))
    source = " ~ ' ' ~ ".join(f"row['{name}']" for name in quoted)
    return [MappingRow("display_name", MappingKind.EXPRESSION, source)]
