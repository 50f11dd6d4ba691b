"""A company of any size, as untidy as companies are: a personnel file whose rows are in no order."""

from __future__ import annotations

import csv
import random
from pathlib import Path

GIVEN = ("Zoë", "José", "Anne-Marie", "Łukasz", "Nguyễn", "Mary Ann", "İpek", "D'Arcy", "Søren", "王", "Ольга", "Björn")
FAMILY = (
    "O'Brien",
    "von der Heide",
    "Müller, Dr.",
    "Çelik",
    "Smith-Jones",
    "Østergård",
    "Đặng",
    "李",
    "de la Cruz",
    'X "Y" Z',
)
TITLES = ("Clerk", "Manager", "Senior Engineer (R&D)", "Aushilfe", "VP, Sales", "")
COLUMNS = (
    "employee_number",
    "first_name",
    "last_name",
    "email",
    "phone",
    "hire_date",
    "job_title",
    "manager_employee_number",
    "department_code",
    "department",
    "city",
    "state_province",
)


def write_company(path: Path, people: int, departments: int, *, seed: int = 1) -> None:
    """Write a personnel file: every tenth person leads the nine that follow, and rows of leaders may come last."""
    chance = random.Random(seed)
    rows = [_person(number, departments, chance) for number in range(people)]
    chance.shuffle(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=",", quoting=csv.QUOTE_MINIMAL)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _person(number: int, departments: int, chance: random.Random) -> list[str]:
    department = number % departments
    manager = number // 10
    return [
        f"E{number:06}",
        chance.choice(GIVEN),
        f"{chance.choice(FAMILY)} {number}",
        f"person{number}@example.com",
        f"+49 30 {number:07}",
        f"20{chance.randrange(0, 25):02}-{chance.randrange(1, 13):02}-15",
        chance.choice(TITLES),
        f"E{manager:06}" if manager != number else "",
        f"D{department:04}",
        f"Abteilung {department} & Söhne",
        chance.choice(("Berlin", "São Paulo", "Kraków", "")),
        "",
    ]
