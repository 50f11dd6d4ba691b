"""Reading a file of rows, whatever its format: records by column name, and problems by row and column. Knows nothing of
people.
"""

from connectors.engine.intake.reading.records import HEADER_ROW, Problem, Record, Table, UnreadableFileError
from connectors.engine.intake.reading.settings import ReadingSettings, WrongSettingError
from connectors.engine.intake.reading.tables import opened_table

__all__ = [
    "HEADER_ROW",
    "Problem",
    "ReadingSettings",
    "Record",
    "Table",
    "UnreadableFileError",
    "WrongSettingError",
    "opened_table",
]
