"""What the page "My data" shows works as it is written."""

from __future__ import annotations

import re
from pathlib import Path

from rascade.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "my-data.md"


def test_the_page_works_as_written(tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    curve, risk = [text for kind, text in blocks if kind == "csv"]
    (tmp_path / "os.csv").write_text(curve)
    (tmp_path / "os-at-risk.csv").write_text(risk)
    monkeypatch.chdir(tmp_path)
    command = next(text for kind, text in blocks if kind == "sh")
    assert main(command.split()[1:]) == 0
    assert "median 8.0 months" in capsys.readouterr().out
    assert len((tmp_path / "patients.csv").read_text().splitlines()) == 169
    found: dict[str, object] = {}
    for kind, text in blocks:
        if kind == "python":
            exec(text, found)
    assert found["trial"].study.arms[0].published["os"]["median"] == 8.0
