"""By what the values of a CSV file are separated and how they are quoted."""

import csv
import io
import re
from itertools import islice
from typing import Any

from connectors.engine.intake.reading.settings import NO_QUOTES

DELIMITERS = (",", ";", "\t", "|", "^", "~", ":")
QUOTES = ('"', "'")
_ROWS = 100
_EXCEL_HINT = re.compile(r"sep=([^\r\n])(?:\r\n|\r|\n|\Z)", re.IGNORECASE)


def dialect(delimiter: str, quote: str) -> dict[str, Any]:
    """The arguments of the standard library's reader. White space before a quotation mark is no part of the value."""
    quoting = {"quoting": csv.QUOTE_NONE} if quote == NO_QUOTES else {"quotechar": quote}
    return {"delimiter": delimiter, "skipinitialspace": delimiter != " ", **quoting}


def excel_hint(line: str) -> str:
    """The delimiter that a first line `sep=;` names, as Excel writes and hides it; nothing if it is another line."""
    found = _EXCEL_HINT.fullmatch(line)
    return found[1] if found else ""


def detect_quote(sample: str, delimiter: str) -> str:
    """The character that most values of a sample begin and end with; the double quotation mark if there is none."""
    between = re.escape(delimiter) if delimiter else "[,;\t|]"

    def quoted(quote: str) -> int:
        pattern = rf"(?:^|{between}) ?{quote}[^{quote}\r\n]*{quote}(?=\r?$|{between})"
        return len(re.findall(pattern, sample, re.MULTILINE))

    return max(QUOTES, key=quoted)


def detect_delimiter(sample: str, quote: str) -> str:
    """The delimiter that gives the header most columns and as many values to most rows; the comma if none does.

    The standard library's sniffer counts letters too, and takes one when a file has a single column.
    """
    best = max(DELIMITERS, key=lambda delimiter: _fit(sample, delimiter, quote))
    return best if _fit(sample, best, quote) else DELIMITERS[0]


def _fit(sample: str, delimiter: str, quote: str) -> float:
    rows = csv.reader(io.StringIO(sample, newline=""), **dialect(delimiter, quote))
    try:
        widths = [len(row) for row in islice(rows, _ROWS) if row]
    except csv.Error:
        return 0.0
    if not widths:
        return 0.0
    return (widths[0] - 1) * sum(width == widths[0] for width in widths) / len(widths)
