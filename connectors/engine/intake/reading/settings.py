"""What a profile fixes about the files it reads; what it leaves open is detected."""

import codecs
from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """The formats that are read."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON_LINES = "jsonl"


NO_QUOTES = "none"
_NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_NOT_TEXT = frozenset({"base64", "bz2", "hex", "idna", "punycode", "quopri", "raw_unicode_escape", "rot13"})


class WrongSettingError(ValueError):
    """A setting that no file can be read with; `setting` is its name."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """Fixed settings; an empty one is detected. Raises WrongSettingError for one that makes no sense.

    Attributes:
        format: one of `Format`.
        delimiter: one character, or a name: `tab`, `comma`, `semicolon`, `pipe`, `space`.
        encoding: as Python names them: `utf-8`, `cp1252`, `utf-16`, ...
        quote: one character, or `none` when quotation marks are characters like others.
        sheet: the name of a sheet of a workbook.
    """

    format: str = ""
    delimiter: str = ""
    encoding: str = ""
    quote: str = ""
    sheet: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "delimiter", _NAMED_DELIMITERS.get(self.delimiter, self.delimiter))
        if self.format and self.format not in tuple(Format):
            raise WrongSettingError("format", f"The format {self.format} is none of {', '.join(Format)}.")
        if len(self.delimiter) > 1 or self.delimiter in ("\r", "\n", "\0"):
            raise WrongSettingError("delimiter", f"The delimiter {self.delimiter!r} is not one character.")
        if self.quote != NO_QUOTES and (len(self.quote) > 1 or self.quote in ("\r", "\n", "\0", " ")):
            raise WrongSettingError("quote", f"The quotation mark {self.quote!r} is neither one character nor none.")
        if self.quote and self.quote == self.delimiter:
            raise WrongSettingError("quote", "The quotation mark and the delimiter are the same.")
        if self.encoding:
            object.__setattr__(self, "encoding", encoding_name(self.encoding))


def encoding_name(name: str) -> str:
    """The name of a text encoding as this portal writes it (raises WrongSettingError)."""
    try:
        found = codecs.lookup(name).name
        "a".encode(found).decode(found)
    except (LookupError, ValueError, TypeError):
        found = ""
    if not found or found.replace("-", "_") in _NOT_TEXT:
        raise WrongSettingError("encoding", f"The encoding {name} is not known.")
    return found
