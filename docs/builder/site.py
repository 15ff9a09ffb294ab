"""Hook of MkDocs: pages load nothing from the network.

Notebook pages come with a loader of diagrams that would fetch its program from elsewhere; there are
no such diagrams here, so that it is taken out.
"""

from __future__ import annotations

import re
from typing import Any

_LOADER = re.compile(r'<script type="module">(?:(?!</script>).)*?mermaid.*?</script>', re.DOTALL)


def on_post_page(output: str, **_: Any) -> str:
    """Return the page without scripts that would be fetched."""
    return _LOADER.sub("", output)
