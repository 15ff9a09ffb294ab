"""Files that users give: read whole, small, UTF-8, and every problem with its place.

`read_text` and `read_bytes` refuse folders, what is not there (with the near name), what is too
large and what is no text; `table` reads CSV into rows whose errors name file, row and column. What
the words and numbers mean is the business of who asks. It uses errors and near names only.
"""

from rascade.own_files.table import OwnTable, read_table
from rascade.own_files.text import Limits, decoded, read_bytes, read_text

__all__ = ["Limits", "OwnTable", "decoded", "read_bytes", "read_table", "read_text"]
