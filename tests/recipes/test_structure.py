"""A module that is longer than a reader can hold says why it is one."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "rascade"
MOST_LINES = 400


def test_a_long_module_gives_its_reason() -> None:
    silent = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > MOST_LINES:
            reason = ast.get_docstring(ast.parse(text)) or ""
            if "In one module since" not in reason:
                silent.append(f"{path.relative_to(SOURCE)}: {text.count(chr(10))} lines")
    assert not silent, "split it by subject, or write 'In one module since ...' into its docstring"
