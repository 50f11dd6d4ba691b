"""A connector to a folder of JSON files: the worked example of docs/connector-author.md."""

from tests.documents.json_folder.connector import JsonFolderConnector

__all__ = ["JsonFolderConnector"]
