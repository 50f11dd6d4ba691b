"""The administrative portal's pages of systems, their work, and imports. Importing the modules registers them."""

from connectors.admin import imports

__all__ = ["imports"]
