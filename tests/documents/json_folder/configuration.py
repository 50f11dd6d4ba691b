"""What can be set on the connector."""

from connectors.spi import Configuration, setting


class JsonFolderConfiguration(Configuration):
    """Which folder is kept."""

    folder: str = setting(
        title="Folder",
        help="Relative to the folder for local systems (ALLOWED_SQLITE_DIR). It must exist.",
        group="Place",
        min_length=1,
    )
