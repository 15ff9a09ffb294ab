"""The command line itself: start-up, help, version, verbs, and one message for whatever happens."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from rascade import RESEARCH_USE
from rascade.cli import main as cli
from rascade.errors import InputError, SimulationError, UnsupportedFeature

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import rascade


def seconds(*arguments: str, runs: int = 5) -> float:
    """Return the processor time of a Python process, the least of some: others may be at work."""
    taken = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def test_help_starts_fast() -> None:
    """``rascade --help`` takes at most 0.5 s more than a bare interpreter, ``import`` 0.3 s."""
    bare = seconds("-c", "pass")
    assert seconds("-m", "rascade.cli.main", "--help") - bare <= 0.5
    assert seconds("-c", "import rascade") - bare <= 0.3


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from rascade.cli.main import main; main(['--help']);"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('numpy','pandas','scipy','pydantic','lark','rich','llvmlite','matplotlib','pyarrow')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version() -> None:
    from rascade import __version__

    done = rascade("--version")
    assert (done.returncode, done.stdout) == (0, f"rascade {__version__}\n")


@pytest.mark.parametrize(
    ("verb", "usage"),
    [
        (("trial",), "rascade trial [OPTIONS] [STUDY.yaml]"),
        (("power",), "rascade power [OPTIONS] STUDY.yaml"),
        (("evidence", "show"), "rascade evidence show [OPTIONS] ID"),
        (("evidence", "list"), "rascade evidence list [OPTIONS] [TABLE]"),
        (("evidence", "search"), "rascade evidence search [OPTIONS] WORDS..."),
        (("drugs", "show"), "rascade drugs show [OPTIONS] NAME"),
        (("model", "show"), "rascade model show [OPTIONS] [SPECIES|PARAMETER]"),
    ],
)
def test_usage_reads_like_a_manual(verb: tuple[str, ...], usage: str) -> None:
    assert rascade(*verb, "--help").stdout.splitlines()[0] == f"Usage: {usage}"


def test_root_help_lists_every_verb() -> None:
    done = rascade("--help")
    assert done.returncode == 0
    for verb, (_, line) in cli.VERBS.items():
        assert f"  {verb}" in done.stdout
        assert line in done.stdout


@pytest.mark.parametrize(
    "command", ["", "trial", "simulate", "model", "model show", "model export"]
)
def test_every_help_teaches(command: str) -> None:
    done = rascade(*command.split(), "--help")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert RESEARCH_USE in text
    assert f"rascade {command}".strip() in text.split("Options:")[0].split("Usage:")[1]
    if command != "model":
        # An example that can be copied, indented under a line that says what it does.
        assert "\n    rascade " in done.stdout


@pytest.mark.parametrize("verb", ["evidence", "drugs"])
def test_verbs_of_the_evidence(verb: str) -> None:
    done = rascade(verb, "--help")
    assert done.returncode == 0, done.stderr
    assert RESEARCH_USE in " ".join(done.stdout.split())


def test_wrong_use() -> None:
    cases = {
        ("trail",): "no verb is called 'trail'; did you mean 'trial'?",
        ("nonsense",): "verbs are demo, trial, experiment",
        ("trial",): "give a study file or --arm TRIAL/ARM",
        ("trial", "x.yaml"): "Invalid value for --out: missing",
        ("power",): "Missing argument 'STUDY.yaml'",
        ("power", "x.yaml"): "Missing option '--out'",
        ("trial", "x.yaml", "--out", "o", "--size", "many"): "Invalid value for '--size'",
        ("trial", "x.yaml", "--oot", "o"): "No such option",
        ("model", "shaw"): "No such command 'shaw'",
        ("--frobnicate",): "No such option",
    }
    for arguments, says in cases.items():
        done = rascade(*arguments)
        assert done.returncode == 2, arguments
        assert says in done.stderr, done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (InputError("size is wrong"), 2, "rascade: size is wrong\n"),
        (UnsupportedFeature("dose holds"), 3, "rascade: not supported: dose holds\n"),
        (SimulationError("gave up"), 1, "rascade: gave up\n"),
        (KeyboardInterrupt(), 130, "rascade: interrupted; nothing was written\n"),
        (PermissionError(13, "Permission denied", "/x"), 2, "rascade: /x: Permission denied\n"),
        (ZeroDivisionError("oops"), 1, "a defect of Rascade: ZeroDivisionError: oops"),
        (SystemExit(143), 143, ""),
    ],
)
def test_one_message_and_one_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    says: str,
) -> None:
    def fail(arguments: object) -> int:
        raise error

    monkeypatch.delenv("RASCADE_DEBUG", raising=False)
    monkeypatch.setattr(cli, "_invoke", fail)
    assert cli.main([]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
    assert "Traceback" not in captured.err


def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(arguments: object) -> int:
        raise InputError("x")

    monkeypatch.setattr(cli, "_invoke", fail)
    monkeypatch.setenv("RASCADE_DEBUG", "1")
    with pytest.raises(InputError):
        cli.main([])


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; sys.stdin.read(); from rascade.cli.main import run; "
            "sys.argv = ['rascade', '--help']; run()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdin is not None
    process.stdout.close()
    process.stdin.close()  # now it may print
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0
    process.stderr.close()


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("SIGINT", 130, "rascade: interrupted; nothing was written"),
        ("SIGTERM", 143, "rascade: interrupted by SIGTERM; nothing was written"),
        ("SIGHUP", 129, "rascade: interrupted by SIGHUP; nothing was written"),
    ],
)
def test_a_polite_kill_explains_as_ctrl_c_does(name: str, code: int, says: str) -> None:
    fate = (
        "import os, signal, sys\n"
        "from rascade.cli import main\n"
        f"main._invoke = lambda _: os.kill(os.getpid(), signal.{name}) or sys.stdin.read()\n"
        "sys.exit(main.main([]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", fate], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.wait(60) == code
        assert process.stderr is not None
        assert process.stderr.read() == says + "\n"


def test_a_signal_that_the_parent_ignores_stays_ignored() -> None:
    """As under nohup."""
    code = (
        "import os, signal\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from rascade.cli import main\n"
        "main._invoke = lambda _: os.kill(os.getpid(), signal.SIGHUP) or 7\n"
        "raise SystemExit(main.main([]))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7
