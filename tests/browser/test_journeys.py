"""Journeys through the workbench in a real browser: ``make test-browser``."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

SMALL = """\
kind: trial
name: {name}
cohort: {{disease: PDAC, stage: metastatic, line: 2, size: {size}}}
seed: 3
arms:
- {{name: drug, regimen: trametinib 2 mg PO QD}}
- {{name: none, regimen: none}}
imaging_every_weeks: 8
follow_up_months: {months}
population: table
"""


def first_picture(page: Any) -> None:
    page.goto("/")
    page.wait_for_selector("body[data-first]")


def take(page: Any, name: str, size: int = 3, months: int = 3) -> None:
    """Give the page the text of a small study."""
    page.goto("/")
    page.get_by_text("Study file", exact=True).first.click()
    page.fill("#text", SMALL.format(name=name, size=size, months=months))
    page.click("#apply")
    holds(page.locator("#name"), name)


def holds(place: Any, value: str) -> None:
    """Wait until a field has a value."""
    for _ in range(1200):
        if place.input_value() == value:
            return
        time.sleep(0.05)
    raise AssertionError(place.input_value())


def run(page: Any, name: str, **more: int) -> str:
    take(page, name, **more)
    page.click("#run")
    page.wait_for_url(re.compile(r"/runs/[0-9a-f]{16}$"))
    return str(page.url.rpartition("/")[2])


def finish(page: Any) -> None:
    page.wait_for_selector("#job[data-state=done]")


def test_build(page: Any) -> None:
    first_picture(page)
    page.wait_for_selector("#pfs svg path.line")
    page.fill("#arm-0-orders", "daraxonrasib 300 mgg PO QD")
    page.get_by_text("At character 18: 'mgg' is not a unit").wait_for()
    assert page.get_attribute("#arm-0-orders", "aria-invalid") == "true"
    page.fill("#arm-0-orders", "daraxonrasib 200 mg PO QD")
    page.locator("#arm-0-orders[aria-invalid=false]").wait_for()
    page.fill("#eligibility", "kras_allele == 'G12C'")
    page.get_by_text(re.compile(r"^[12] % of virtual patients")).wait_for()
    page.click("#add-arm")
    page.locator("#arm-2-name").wait_for()
    page.locator("#headline tbody tr:nth-child(3)").wait_for()


def test_the_address_holds_the_trial(page: Any, browser: Any, server: Any) -> None:
    take(page, "By link")
    link = page.url
    assert "#study=" in link
    other = browser.new_page()
    other.goto(link)
    other.locator("body[data-first]").wait_for(timeout=60_000)
    holds(other.locator("#name"), "By link")
    other.close()
    page.goto(f"{server.place}/#study=brokenbroken")
    page.reload()
    page.get_by_text("The link holds no trial").wait_for()


def test_slide(page: Any, capsys: pytest.CaptureFixture[str]) -> None:
    first_picture(page)
    page.wait_for_selector("body[data-done]")
    times = []
    for step in range(16):
        turn = int(page.get_attribute("body", "data-turn"))
        page.locator("#arm-0-dose-0").evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }",
            str(0.95 - 0.05 * step),
        )
        page.wait_for_selector(f'body[data-turn="{turn + 1}"]')
        times.append(float(page.get_attribute("body", "data-first")))
        time.sleep(0.5)
    times.sort()
    p95 = times[math.ceil(0.95 * len(times)) - 1]
    with capsys.disabled():
        print(f"\nslider to picture: median {times[8]:.2f} s, p95 {p95:.2f} s")  # noqa: T201
    assert "daraxonrasib 60 mg" in page.input_value("#arm-0-orders")
    assert p95 < 3.0  # the machine of a test may be busy; the mark of 0.5 s is printed, not forced


def test_run_and_export(page: Any, tmp_path: Path) -> None:
    run(page, "To the end")
    finish(page)
    page.get_by_text("drug against none").wait_for()
    for name in ("summary.json", "patients.csv", "figures-png.zip", "adam.zip"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        target = tmp_path / name
        download.value.save_as(target)
        assert target.stat().st_size > 200
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Report", exact=True).click()
    opened.value.get_by_role("heading", name="To the end").wait_for()


def test_cancel_and_go_on(page: Any) -> None:
    run(page, "Long", size=400, months=36)
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("#job[data-state=cancelled]")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_selector("#job[data-state=queued], #job[data-state=running]")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("#job[data-state=cancelled]")
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url(re.compile("/runs$"))


def test_a_killed_server_loses_nothing(page: Any, server: Any) -> None:
    done = run(page, "Before")
    finish(page)
    waiting = run(page, "Waiting", size=20, months=6)
    server.kill()
    server.start()
    page.goto(f"/runs/{done}")
    page.get_by_text("drug against none").wait_for()
    page.goto(f"/runs/{waiting}")
    finish(page)


def test_compare(page: Any) -> None:
    ids = []
    for name in ("One", "Two"):
        ids.append(run(page, name))
        finish(page)
    page.goto("/runs?search=")
    for name in ("One", "Two"):
        page.get_by_label(f"Compare {name}").check()
    page.get_by_role("button", name="Compare the chosen runs").click()
    page.wait_for_selector("#pfs svg path.line")
    assert page.locator("main > h2").count() == 2


def test_two_scenarios_and_their_difference(page: Any) -> None:
    take(page, "Scenarios")
    page.locator("#cells svg").wait_for()
    page.locator("#engagement svg path.line").first.wait_for()
    page.click("#keep")
    page.locator("#headline tbody tr:nth-child(4)").wait_for()
    page.locator("#difference svg path.line").first.wait_for()
    page.click("#drop")
    page.locator("#difference svg").wait_for(state="detached")


def test_a_drug_and_patients_of_ones_own(page: Any, tmp_path: Path) -> None:
    take(page, "Own")
    drug = tmp_path / "drug.toml"
    number = '{ value = 10, unit = "L/h", source = "assumed: a test" }'
    drug.write_text(f'name = "mysorasib"\nlike = "sotorasib"\n[numbers]\nCL = {number}\n')
    page.set_input_files("#own-drug", drug)
    page.get_by_text("Drug mysorasib, like sotorasib").wait_for()
    page.fill("#arm-0-orders", "mysorasib 960 mg PO QD")
    page.locator("#arm-0-dose-0").wait_for()
    patients = tmp_path / "mine.csv"
    patients.write_text("id,age\nA,old\n")
    page.set_input_files("#own-patients", patients)
    page.locator("#problem:visible", has_text="patients.csv:2").wait_for()
    patients.write_text("id,age\nA,61\nB,70\n")
    page.set_input_files("#own-patients", patients)
    page.get_by_text("2 patients of your own").wait_for()


@pytest.mark.parametrize("path", ["/model", "/trust"])
def test_figures_are_drawn(page: Any, path: str) -> None:
    page.goto(path)
    picture = page.locator("main figure img").first
    picture.evaluate("e => e.decode()")
    assert picture.evaluate("e => e.naturalWidth") > 100


def test_bad_files(page: Any, tmp_path: Path) -> None:
    first_picture(page)
    page.get_by_text("Study file", exact=True).first.click()
    for content, told in (
        (b"kind: trial\n", "missing; add it"),
        (b"\x89PNG\r\n\x1a\n\0\0", "study"),
        (b"a: &a [*a, *a]\n", "study"),
        (b"kind: experiment\n", "experiment"),
        (b"", "study"),
    ):
        bad = tmp_path / "bad.yaml"
        bad.write_bytes(content)
        page.set_input_files("#upload", [])
        page.set_input_files("#upload", bad)
        page.locator("#problem:visible", has_text=told).wait_for()
    assert page.input_value("#name").startswith("RASolute 302")


def test_two_tabs_and_a_slow_network(page: Any, browser: Any, server: Any) -> None:
    other = browser.new_page(base_url=server.place)
    other.route("**/api/**", lambda route: (time.sleep(0.3), route.continue_()))
    other.goto("/")
    first_picture(page)
    other.wait_for_selector("body[data-first]", timeout=120_000)
    assert page.locator("#headline tbody tr").count() == 2
    assert other.locator("#headline tbody tr").count() == 2
    other.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_of_wcag(browser: Any, server: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(base_url=server.place, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for path in ("/", "/runs", "/model", "/trust", "/nothing"):
        page.goto(path)
        if path == "/":
            page.wait_for_selector("body[data-first]", timeout=120_000)
        found = axe.Axe().run(page)
        told = [(v["id"], v["nodes"][0]["html"][:120]) for v in found.response["violations"]]
        assert not told, (path, told)
    context.close()


@pytest.mark.parametrize("width", [420, 650])
def test_nothing_is_cut_in_a_narrow_window(browser: Any, server: Any, width: int) -> None:
    """650 pixels are 1,300 at a zoom of 200 %."""
    context = browser.new_context(base_url=server.place, viewport={"width": width, "height": 800})
    page = context.new_page()
    for path in ("/", "/runs", "/model", "/trust"):
        page.goto(path)
        if path == "/":
            page.wait_for_selector("body[data-first]", timeout=120_000)
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width, path
    context.close()


def test_by_keyboard_alone(page: Any) -> None:
    first_picture(page)
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("() => document.activeElement.id"))
    assert {"name", "line", "arm-0-orders", "arm-0-dose-0", "run", "share"} <= seen
    page.focus("#arm-0-dose-0")
    turn = int(page.get_attribute("body", "data-turn"))
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(f'body[data-turn="{turn + 1}"]')
