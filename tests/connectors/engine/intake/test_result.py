"""The result file: no cell of it is a formula, in whatever way a spreadsheet takes it apart."""

import csv
import io
import re
import uuid

import pytest
from django.utils import timezone

from connectors.engine.intake.result import result_lines
from connectors.models import Run, StagedRow
from connectors.vocabulary import RunKind

pytestmark = pytest.mark.django_db

KEYS = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "\r=1",
    "a;=1+1",
    "a\t=1",
    "a\n@x",
    ";;-1",
    "\uff1d1",
    "a;b",
    "a-b",
    "a=b",
    '";=1',
]


def test_no_cell_is_a_formula() -> None:
    run = Run.objects.create(pk=uuid.uuid4(), kind=RunKind.IMPORT, actor_name="test", created_at=timezone.now())
    StagedRow.objects.bulk_create(
        StagedRow(run=run, part="people", number=number, key=key) for number, key in enumerate(KEYS)
    )
    text = "".join(result_lines(run))
    assert not re.search(r'(^|[;,\t\r\n])"?[=+\-@\uff1d]', text)
    keys = [row[2] for row in csv.reader(io.StringIO(text, newline=""))][1:]
    assert [key.replace("'", "") for key in keys] == KEYS
    assert keys[-4:-1] == ["a;b", "a-b", "a=b"]
