"""The engine's words, offered beside the models; they stand in `connectors.vocabulary`, which needs no Django."""

from connectors.vocabulary import *  # noqa: F403  the same names, nothing of its own
