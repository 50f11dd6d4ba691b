"""The drop folder: files that other programs put down are imported by the profile whose folder they lie in.

`<profile>/<name>` is taken once it has stopped growing, lies in `working/` while its import is not over, and then in
`done/` or `failed/`, with a file beside it that says what became of each row.
"""

from connectors.drop_folder.looking import DropFolder

__all__ = ["DropFolder"]
