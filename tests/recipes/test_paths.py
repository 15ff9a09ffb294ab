"""Files and folders that the recipes of CONTRIBUTING name are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_recipes_name_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([\w./-]+/[\w./-]+)`", text) if "NAME" not in name}
    places = (ROOT, ROOT / "src" / "rascade", ROOT / "src" / "rascade" / "model")
    assert len(named) > 20
    assert {name for name in named if not any((place / name).exists() for place in places)} == set()
