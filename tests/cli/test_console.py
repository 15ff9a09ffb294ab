"""What verbs print: progress and tables."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from rascade import progress
from rascade.cli.terminal import console

SUMMARY = {
    "study": "S",
    "arms": [
        {
            "name": "new",
            "n": 250,
            "orr_pct": 30.4,
            "orr_ci": [25.0, 36.0],
            "dcr_pct": 80.0,
            "pfs_median_months": 7.21,
            "pfs_ci": [6.0, None],
            "os_median_months": None,
            "os_ci": [10.0, None],
        }
    ],
    "contrasts": [
        {
            "arm": "new",
            "reference": "[old]",
            "pfs_hr": 0.491,
            "pfs_hr_ci": [0.38, 0.64],
            "pfs_logrank_p": 1e-9,
            "os_hr": 0.4,
            "os_hr_ci": [0.3, 0.53],
            "os_logrank_p": 0.0416,
        }
    ],
}


def test_the_summary() -> None:
    out = io.StringIO()
    console.summary_table(SUMMARY, Console(file=out, width=120))
    text = out.getvalue()
    for part in ("30 (25 to 36)", "7.2 (6.0 to -)", "- (10.0 to -)", "80"):
        assert part in text
    assert "new against [old]: PFS HR 0.49 (0.38 to 0.64), p < 0.001; OS HR 0.40" in text
    assert "p = 0.042" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (42.4, "42 s"), (59.9, "1 min 0 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text


def test_a_log_gets_a_line_for_every_tenth(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(100))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with progress.progress_on_stderr("trial") as update:
        for share in (0.0, 0.01, 0.02, 0.5, 0.51, 1.0):
            update(share, "arm")
    captured = capsys.readouterr()
    assert captured.out == ""
    # The clock ticks once at the start and once a line: half is reached after two seconds.
    assert captured.err.splitlines() == [
        "trial: arm: 0%",
        "trial: arm: 50%, 2 s left",
        "trial: arm: 100%",
    ]


@pytest.mark.parametrize("width", [40, 80])
def test_a_long_step_does_not_push_the_numbers_out_of_the_window(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress_on_stderr("trial") as update:
        update(0.5, "daraxonrasib [300 mg]: preparing, compiling the model (once per machine)")
    frames = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue()).replace("\r", "\n")
    (line,) = {frame for frame in frames.splitlines() if "50%" in frame}
    assert len(line) <= width
    assert "left trial: daraxonrasib" in line


def test_the_table_says_how_well_pfs_is_known() -> None:
    stream = io.StringIO()
    console.summary_table(SUMMARY, Console(file=stream, width=100))
    assert "dated at the scan that shows it: PFS is no finer" in stream.getvalue()
