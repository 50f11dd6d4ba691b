"""The administrative portal's pages of systems, their work, and imports. Importing the modules registers them."""

from connectors.admin import accounts, imports, links, mappings, operations, org_units, systems

__all__ = ["accounts", "imports", "links", "mappings", "operations", "org_units", "systems"]
