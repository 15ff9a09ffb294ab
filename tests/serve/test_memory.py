"""Many requests leave memory as it was."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

STATUS = Path("/proc/self/statm")
MEGABYTE = 2**20


def _held() -> int:
    gc.collect()
    return int(STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not STATUS.exists(), reason="memory is read as Linux tells it")
def test_many_requests_leave_memory_flat(client) -> None:
    def ask(count: int) -> None:
        for number in range(count):
            order = {"text": f"trametinib {1 + number % 40} mg PO QD"}
            assert client.post("/api/orders", json=order).status_code == 200
            assert client.get(f"/runs?search={number}").status_code == 200
            assert client.get(f"/api/jobs/{number:016x}").status_code == 404

    ask(40)
    before = _held()
    ask(100)
    assert _held() - before < 8 * MEGABYTE
