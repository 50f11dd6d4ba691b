"""The functions and tests an expression may use, and no others."""

from identities.mapping.functions import conversions, lists, text  # noqa: F401  importing them registers their functions
from identities.mapping.functions.questions import TESTS
from identities.mapping.functions.registry import FUNCTIONS, MappingFunction

__all__ = ["FUNCTIONS", "TESTS", "MappingFunction"]
