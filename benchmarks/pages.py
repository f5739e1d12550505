"""Figures of the console's pages in a browser. `python -m benchmarks.pages [NAME ...]`; without names, all.

It needs Chromium and what tests need. A long task is one that keeps the browser from answering for more than
50 ms, by its own count (PerformanceObserver, "longtask").
"""

import contextlib
import gzip
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, expect, sync_playwright

from app.model.paths import PROJECT
from benchmarks.console import Console, console
from tests.browser.conftest import ARGS, chromium
from tests.console.test_timeline import write_past

MANY = 10_000
CHANGES = 60
LOADS = 9
SPAN = 8 * 3600.0  #: seconds of the timeline, as it opens

COUNT_LONG = """
window.long = [];
new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)))
  .observe({ type: "longtask" });
"""
WAIT = """
([text, word]) => { window.came = new Promise((done) => {
  const is = () => [...document.querySelectorAll("[role=row]")].some(
    (row) => row.textContent.includes(text) && row.textContent.includes(word),
  );
  const look = new MutationObserver(() => is() && (look.disconnect(), done(Date.now())));
  look.observe(document.body, { subtree: true, childList: true, characterData: true });
  if (is()) done(Date.now());
}) }
"""
FIRST = """
performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.endsWith(".js"))
"""


@contextlib.contextmanager
def page(one: Console) -> Iterator[Page]:
    """Of somebody who is logged in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGS))
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        context.add_init_script(COUNT_LONG)
        with one.http() as http:
            secret = http.headers["Authorization"].removeprefix("Bearer ")
        origin = {"Origin": one.url}
        context.request.post(f"{one.url}/api/auth/login", data={"secret": secret}, headers=origin)
        yield context.new_page()
        browser.close()


def change() -> str:
    """From the sending of a verb to the page that shows what has come of it."""
    with console([(1, "sleep 3600"), (1, "true"), (2, "true")], 1) as (one, pids), page(one) as seen:
        seen.goto(f"{one.url}/ui/state")
        seen.get_by_role("button", name="Show the tasks of queue 1").click()
        expect(seen.get_by_role("row").filter(has_text="1/1").last).to_be_visible()
        took = []
        with one.http() as http:
            for at in range(CHANGES):
                verb, word = ("hold", "Held") if at % 2 == 0 else ("release", "Pending")
                seen.evaluate(WAIT, ["1/1", word])
                began = time.time()
                http.post(f"/api/scheduler/{pids[0]}/{verb}", json={"task": "1/1"}).raise_for_status()
                took.append(seen.evaluate("window.came") - began * 1000)
                time.sleep(0.1)
    return f"median {statistics.median(took):.0f} ms, longest {max(took):.0f} ms of {len(took)}"


def tasks() -> str:
    """A queue of 10,000 tasks, opened on the state page and scrolled through with the wheel, up and down."""
    with console([(1, f"sleep 3600; echo {at}") for at in range(MANY)], 1) as (one, _), page(one) as seen:
        began = time.perf_counter()
        seen.goto(f"{one.url}/ui/state")
        seen.get_by_role("button", name="Show the tasks of queue 1").click()
        expect(seen.get_by_role("row").filter(has_text="1/20").first).to_be_visible()
        opened = time.perf_counter() - began
        seen.mouse.move(700, 500)
        _until_quiet(seen)
        return f"opened after {opened:.2f} s; {_long(seen, lambda: _wheel(seen, 200, 300))}"


def bars() -> str:
    """10,000 bars in eight hours: dragged along, and zoomed with the wheel."""
    with console() as (one, _):
        write_past(
            one.home.root / "logs" / "history.db", MANY, time.time() - SPAN / 2 - 1800, SPAN / 2 / MANY
        )
        with page(one) as seen:
            seen.goto(f"{one.url}/ui/timeline")
            expect(seen.get_by_role("table").get_by_role("row").nth(5)).to_be_attached()
            seen.mouse.move(700, 250)
            _until_quiet(seen)
            dragged = _long(seen, lambda: _drag(seen, 120))
            seen.keyboard.down("Control")
            zoomed = _long(seen, lambda: _wheel(seen, 60, -30))
    return f"dragging: {dragged}; zooming: {zoomed}"


def first() -> str:
    """JavaScript of the first load, and when it shows what runs, the browser's cache being empty."""
    with console([(1, "sleep 3600"), (2, "sleep 3600")], 1) as (one, _):
        took, names = [], []
        for _ in range(LOADS):
            with page(one) as seen:
                began = time.perf_counter()
                seen.goto(f"{one.url}/ui/state", wait_until="commit")
                seen.get_by_role("row").filter(has_text="1/0").first.wait_for()
                took.append(time.perf_counter() - began)
                names = seen.evaluate(FIRST)
    dist = PROJECT / "control" / "src" / "dashboard" / "dist" / "assets"
    sizes = [len(gzip.compress((dist / name.rpartition("/")[2]).read_bytes(), 9)) for name in names]
    size, after = sum(sizes) / 1000, statistics.median(took)
    return f"{size:.0f} kB of JavaScript, gzipped; usable after {after:.2f} s (median of {len(took)})"


def _long(seen: Page, act: Callable[[], None]) -> str:
    """What an act has cost in long tasks."""
    seen.evaluate("window.long = []")
    act()
    _until_quiet(seen)
    found = sorted(seen.evaluate("window.long"), reverse=True)
    over = sum(each > 100 for each in found)
    return f"{over} long tasks over 100 ms, {len(found)} over 50 ms, longest {max(found, default=0):.0f} ms"


def _until_quiet(seen: Page) -> None:
    seen.evaluate("new Promise((done) => requestIdleCallback(() => setTimeout(done, 500)))")


def _wheel(seen: Page, times: int, by: int) -> None:
    for at in range(times * 2):
        seen.mouse.wheel(0, by if at < times else -by)
        seen.evaluate("new Promise(requestAnimationFrame)")


def _drag(seen: Page, times: int) -> None:
    seen.mouse.down()
    for at in range(times):
        seen.mouse.move(700 - 4 * (at if at < times / 2 else times - at), 250)
        seen.evaluate("new Promise(requestAnimationFrame)")
    seen.mouse.up()


FIGURES = {each.__name__: each for each in (change, tasks, bars, first)}

if __name__ == "__main__":
    for name in sys.argv[1:] or list(FIGURES):
        print(f"{name}: {FIGURES[name]()}", flush=True)
