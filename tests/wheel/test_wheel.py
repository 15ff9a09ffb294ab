"""The built wheel, installed where no checkout is: its data, the demo, and tests against it."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Small tests that reach every kind of data in the package.
TESTS = (
    "tests/regimen/test_parse.py",
    "tests/evidence/test_data.py",
    "tests/evidence/test_search.py",
    "tests/patients/test_profile.py",
    "tests/face/test_examples.py",
    "tests/studies/test_load.py",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    words = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", place, ROOT]
    subprocess.run([sys.executable, *words], check=True)
    (built,) = place.glob("rascade-*.whl")
    return built


@pytest.fixture(scope="module")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return what runs a program of an environment that has Rascade from the wheel only.

    The packages that it needs are those of this environment, by path: an editable Rascade among
    them is not seen, since only the environment's own ``.pth`` files are read.
    """
    place = tmp_path_factory.mktemp("installed")
    venv.create(place / "venv", with_pip=False, symlinks=True)
    programs = place / "venv" / ("Scripts" if os.name == "nt" else "bin")
    own = ["-m", "pip", "--python", str(programs / "python"), "install", "--quiet", "--no-deps"]
    subprocess.run([sys.executable, *own, wheel], check=True)
    (site,) = (place / "venv").rglob("site-packages")
    there = [path for path in sys.path if path.endswith("site-packages")]
    (site / "packages.pth").write_text("\n".join(there) + "\n", encoding="utf-8")
    work = place / "work"
    work.mkdir()
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}

    def run(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [programs / program, *words], cwd=work, env=plain | {"COLUMNS": "100"},
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip

    run.__dict__["work"] = work
    return run


@pytest.mark.slow
def test_the_wheel_holds_everything_the_checkout_has(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    for path in (source / "rascade").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(source).as_posix() in held
    for path in (ROOT / "studies").rglob("*.yaml"):
        inside = path.relative_to(ROOT / "studies").as_posix()
        assert f"rascade/studies/example_files/{inside}" in held


@pytest.mark.slow
def test_the_demo_runs_where_only_the_wheel_is(run: Run) -> None:
    where = run("python", "-c", "import rascade; print(rascade.__file__)")
    assert "site-packages" in where.stdout and str(ROOT) not in where.stdout
    done = run("rascade", "demo", "--size", "2", "--threads", "1")
    assert done.returncode == 0, done.stderr
    work: Path = run.__dict__["work"]
    assert (work / "out/rasolute-302/report.html").stat().st_size > 100_000
    listed = run("rascade", "studies", "examples", "--to", "studies")
    assert len(listed.stdout.split()) == len(list((ROOT / "studies").rglob("*.yaml")))
    checked = run("rascade", "trial", "studies/krystal-1-pdac.yaml", "--check")
    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
def test_tests_pass_against_the_wheel(run: Run) -> None:
    files = [ROOT / name for name in TESTS]
    options = ["-q", "-m", "not slow", "-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml"]
    done = run("python", "-m", "pytest", *options, *files)
    assert done.returncode == 0, done.stdout[-4000:]
