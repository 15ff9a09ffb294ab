"""The workbench as a process of its own, and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


class Server:
    """``rascade serve`` on a free port, which can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self.place = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; return the seconds until it answers."""
        command = [sys.executable, "-m", "rascade", "serve", "--no-browser"]
        began = time.monotonic()
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), "--home", str(self.home)],
            env={**os.environ, "RASCADE_ENSEMBLE": os.environ.get("RASCADE_TEST_ENSEMBLE", "")},
        )
        while time.monotonic() - began < 60:
            try:
                urlopen(f"{self.place}/api/health", timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return time.monotonic() - began
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """Kill it as a lack of memory would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("home"))
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="make test-browser installs it")
    if CHROMIUM is None:
        pytest.skip("no Chromium here; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    context = browser.new_context(base_url=server.place, viewport={"width": 1300, "height": 900})
    made = context.new_page()
    made.set_default_timeout(120_000)
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda one: errors.append(one.text) if "Policy" in one.text else None)
    yield made
    context.close()
    assert not errors
