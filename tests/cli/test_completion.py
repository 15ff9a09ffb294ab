"""Completion in the shells, although verbs are imported when they are used only."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import rascade

#: Lets a test name the shell, which else is the one that started the process.
NAMED = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}


def completed(shell: str, words: list[str]) -> str:
    """Return what a shell is told for words, the last of which is being typed."""
    line = " ".join(words)
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }
    done = rascade(_RASCADE_COMPLETE=f"complete_{shell}", **asked[shell])
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_verbs_their_verbs_and_options_are_completed(shell: str) -> None:
    verbs = completed(shell, ["rascade", "st"])
    assert "studies" in verbs and "trial" not in verbs
    below = completed(shell, ["rascade", "studies", ""])
    assert "compare" in below and "examples" in below
    options = completed(shell, ["rascade", "trial", "--se"])
    assert "--seed" in options and "--size" not in options


def test_a_word_that_is_no_verb_is_completed_to_nothing() -> None:
    assert completed("bash", ["rascade", "trail", "--se"]).strip() == ""


@pytest.mark.parametrize(
    ("shell", "files"),
    [
        ("bash", [".bashrc", ".bash_completions/rascade.sh"]),
        ("zsh", [".zshrc", ".zfunc/_rascade"]),
        ("fish", [".config/fish/completions/rascade.fish"]),
    ],
)
def test_completion_is_installed_and_shown(shell: str, files: list[str], tmp_path: Path) -> None:
    done = rascade("--install-completion", shell, HOME=str(tmp_path), **NAMED)
    assert done.returncode == 0, done.stderr
    assert f"{shell} completion installed" in done.stdout
    for file in files:
        assert (tmp_path / file).stat().st_size > 0
    shown = rascade("--show-completion", shell, **NAMED)
    assert shown.returncode == 0, shown.stderr
    assert f"_RASCADE_COMPLETE=complete_{shell}" in shown.stdout
