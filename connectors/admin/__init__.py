"""The administrative portal's pages of systems, their work, and imports. Importing the modules registers them."""

from connectors.admin import (
    accounts,
    import_mapping,
    import_profiles,
    import_rows,
    imports,
    links,
    mappings,
    operations,
    org_units,
    systems,
)

__all__ = [
    "accounts",
    "import_mapping",
    "import_profiles",
    "import_rows",
    "imports",
    "links",
    "mappings",
    "operations",
    "org_units",
    "systems",
]
