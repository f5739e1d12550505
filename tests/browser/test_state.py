"""The page of what runs, what waits and why, as somebody sees it who leaves it open."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visit import Visit, visiting
from tests.console.world import Console, free_port
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually


def started(console: Console, **more: object) -> int:
    """One that has a queue of three, whose first runs until `go`, and one that waits for its card."""
    console.world.blocks([(1, UNTIL_GO), (1, "true"), (1, "true"), (2, UNTIL_GO)])
    pid = int(console.post("/api/scheduler/multi/start", simulate="1x24", watch=True, fresh=True)["pid"])
    console.wait_for(pid, "1/0", "running")
    return pid


@pytest.fixture
def stopped(console: Console) -> Iterator[None]:
    yield
    for one in console.get("/api/scheduler/running")["schedulers"]:
        if one["alive"]:
            console.post(f"/api/scheduler/stop/{one['pid']}")


def test_a_task_is_watched_through_its_states(visit: Visit) -> None:
    visit.go("/ui/state")
    visit.sees("No scheduler runs")
    pid = started(visit.console)
    row = visit.row("1/0")
    expect(row).to_contain_text("Running")
    expect(row).to_contain_text("GPU 0")
    expect(row).to_contain_text("0 of 3")
    expect(visit.row("2/0")).to_contain_text("GPU 0 is leased to queue 1")
    expect(visit.page).to_have_title(re.compile("▶1 gpulane"))
    row.get_by_role("button", name="Show the tasks of queue 1").click()
    expect(visit.row("1/2")).to_contain_text("behind 1/0")
    visit.console.world.go()
    expect(visit.row("1/2").first).to_contain_text("Completed")
    expect(visit.page.get_by_text("3 of 3")).to_be_visible()
    visit.console.post(f"/api/scheduler/stop/{pid}")


def test_verbs_are_a_click_and_what_loses_something_is_asked(visit: Visit, stopped: None) -> None:
    pid = started(visit.console)
    visit.go("/ui/state")
    visit.button("Pause").click()
    visit.sees("paused")
    visit.button("Resume").click()
    expect(visit.button("Pause")).to_be_visible()
    visit.row("1/0").get_by_role("button", name="More").click()
    visit.page.get_by_role("menuitem", name="Kill").click()
    dialog = visit.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Kill 1/0?")
    expect(visit.button("Keep running")).to_be_focused()
    visit.button("Keep running").click()
    expect(dialog).to_be_hidden()
    visit.row("1/0").get_by_role("button", name="More").click()
    visit.page.get_by_role("menuitem", name="Kill").click()
    visit.button("Kill 1/0").click()
    visit.console.wait_for(pid, "1/0", "cancelled")
    visit.button("Stop now").click()
    expect(visit.page.get_by_role("dialog")).to_contain_text("Stop multi · configuration 0 now?")
    visit.page.get_by_role("button", name=re.compile("^Stop .* now$")).last.click()
    eventually(lambda: not visit.console.scheduler(pid)["alive"])


def test_a_scheduler_that_was_killed_is_shown_and_resumed(visit: Visit, stopped: None) -> None:
    pid = started(visit.console)
    visit.go("/ui/state")
    expect(visit.row("1/0")).to_contain_text("Running")
    os.kill(pid, signal.SIGKILL)
    visit.sees("Scheduler multi · 0 died")
    expect(visit.row("1/0")).to_contain_text("runs on under its supervisor")
    visit.page.get_by_label("Needs you").get_by_role("button", name="Resume").click()
    expect(visit.page.get_by_label("Needs you")).to_be_hidden()
    expect(visit.row("1/0")).to_contain_text("Running")


def test_an_edit_that_is_refused_is_said_below_its_scheduler(visit: Visit, stopped: None) -> None:
    started(visit.console)
    visit.go("/ui/state")
    expect(visit.row("1/0")).to_contain_text("Running")
    text = (visit.console.root / "command" / "command_gpus.txt").read_text()
    visit.console.world.file(text + "\n3\noops\n")
    visit.sees("is not taken up, what was read before goes on")
    visit.console.world.file(text)
    expect(visit.page.get_by_text("is not taken up")).to_be_hidden()


def test_an_opened_queue_tells_how_earlier_attempts_failed(visit: Visit, stopped: None) -> None:
    console = visit.console
    console.world.file(f"1\n#LANE retries=1\n[ -e again ] && {UNTIL_GO}\ntouch again; exit 3\n1\n10\n")
    pid = console.post("/api/scheduler/multi/start", simulate="1x24", fresh=True)["pid"]
    visit.go("/ui/state")
    console.wait_for(pid, "1/0", "backoff")
    console.post(f"/api/scheduler/{pid}/retry", {"task": "1/0"})
    expect(visit.row("1/0")).to_contain_text("try 2")
    visit.row("1/0").get_by_role("button", name="Show the tasks of queue 1").click()
    earlier = visit.page.get_by_role("row").filter(has_text="attempt 1")
    expect(earlier).to_contain_text("Exit 3")
    earlier.get_by_role("link", name="Log").click()
    visit.sees("exit 3")


def test_more_tabs_than_a_browser_has_connections_are_all_live(visit: Visit, stopped: None) -> None:
    started(visit.console)
    tabs = [visit.page, *(visit.page.context.new_page() for _ in range(7))]
    for tab in tabs:
        tab.goto(f"{visit.console.url}/ui/state")
        expect(tab.get_by_role("row").filter(has_text="1/0")).to_contain_text("Running")
    visit.button("Pause").click()
    for tab in tabs:
        expect(tab.get_by_role("button", name="Resume")).to_be_visible()
    tabs[0].close()  # which has begun the stream
    tabs[1].get_by_role("button", name="Resume").click()
    for tab in tabs[1:]:
        expect(tab.get_by_role("button", name="Pause")).to_be_visible()


@pytest.fixture
def port(console: Console) -> str:
    """Of a console that nobody else's takes while it is down."""
    console.stop()
    console.start("--port", str(free_port()))
    return console.url.rpartition(":")[2]


def test_a_console_that_is_killed_is_said_and_its_next_one_found(
    port: str, visit: Visit, stopped: None
) -> None:
    console = visit.console
    started(console)
    visit.go("/ui/state")
    expect(visit.row("1/0")).to_contain_text("Running")
    os.kill(console.pid, signal.SIGKILL)
    visit.sees("No connection to the console")
    expect(visit.row("1/0")).to_contain_text("Running")
    expect(visit.button("Pause")).to_have_attribute("aria-disabled", "true")
    visit.button("Try now").click()
    visit.sees("No connection to the console")
    console.start("--port", port)
    assert console.url.endswith(f":{port}")
    expect(visit.page.get_by_text("No connection to the console")).to_be_hidden()
    console.world.go()
    expect(visit.row("1/2")).to_contain_text("Completed")


def test_a_page_that_was_not_fetched_comes_once_the_console_is_back(port: str, visit: Visit) -> None:
    console = visit.console
    visit.page.route("**/assets/History-*", lambda route: route.abort())
    visit.go("/ui/state")
    visit.sees("No scheduler runs")
    os.kill(console.pid, signal.SIGKILL)
    visit.sees("No connection to the console")
    visit.page.get_by_role("link", name="History").first.click()
    visit.sees("The console did not send this page")
    visit.sees("No connection to the console")
    visit.page.unroute("**/assets/History-*")
    console.start("--port", port)
    expect(visit.page.get_by_role("heading", name="History")).to_be_visible()


def test_who_may_only_read_sees_all_and_changes_nothing(
    browser: Browser, console: Console, stopped: None
) -> None:
    started(console)
    with visiting(browser, console, role="read") as visit:
        visit.go("/ui/state")
        visit.sees("You can look at everything and change nothing.")
        expect(visit.button("Pause")).to_have_attribute("aria-disabled", "true")
        visit.row("1/0").get_by_role("button", name="More").click()
        expect(visit.page.get_by_role("menuitem", name="Kill")).to_be_disabled()


def test_a_filter_stands_in_the_address(visit: Visit, stopped: None) -> None:
    started(visit.console)
    visit.go("/ui/state?state=waiting")
    expect(visit.row("2/0")).to_be_visible()
    expect(visit.row("1/0")).to_be_hidden()
    visit.page.keyboard.press("/")
    visit.page.keyboard.type("nothing like it")
    visit.sees("Nothing matches")
    assert "text=nothing" in visit.page.url
    visit.button("Show all").click()
    expect(visit.row("1/0")).to_be_visible()


def test_pages_are_reached_by_keys_alone(visit: Visit) -> None:
    visit.go("/ui/state")
    visit.sees("No scheduler runs")
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_role("link", name="Skip to the page")).to_be_focused()
    visit.page.keyboard.press("g")
    visit.page.keyboard.press("h")
    expect(visit.page).to_have_url(re.compile("/ui/history"))
    visit.page.keyboard.press("Control+k")
    visit.page.get_by_placeholder("Find a page").fill("state")
    visit.page.keyboard.press("Enter")
    expect(visit.page).to_have_url(re.compile("/ui/state"))


def test_rows_are_moved_through_and_acted_on_by_keys(visit: Visit, stopped: None) -> None:
    pid = started(visit.console)
    visit.go("/ui/state")
    expect(visit.row("1/0")).to_be_visible()
    keys = visit.page.keyboard
    keys.press("j")
    expect(visit.row("1/0").first).to_be_focused()
    keys.press("Enter")
    expect(visit.row("1/2")).to_be_visible()
    keys.press("j")
    expect(visit.row("1/1")).to_be_focused()
    keys.press("h")
    visit.console.wait_for(pid, "1/1", "held")
    expect(visit.row("1/1")).to_contain_text("Held")
    keys.press("h")
    visit.console.wait_for(pid, "1/1", "pending")
    keys.press("k")
    expect(visit.row("1/0").first).to_be_focused()
    keys.press("x")
    expect(visit.page.get_by_role("dialog")).to_contain_text("Kill 1/0?")
    keys.press("Escape")
    expect(visit.page.get_by_role("dialog")).to_be_hidden()
    keys.press("?")
    expect(visit.page.get_by_role("dialog")).to_contain_text("hold or release")


def test_a_task_is_found_and_killed_from_the_palette(visit: Visit, stopped: None) -> None:
    pid = started(visit.console)
    visit.go("/ui/state")
    expect(visit.row("1/0")).to_contain_text("Running")
    visit.page.keyboard.press("Control+k")
    visit.page.get_by_placeholder("Find a page").fill("kill 1/0")
    line = visit.page.get_by_role("dialog").get_by_role("button").filter(has_text="Kill 1/0")
    expect(line).to_have_attribute("data-selected", "true")
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("dialog", name="Kill 1/0?").get_by_role("button", name="Kill 1/0").click()
    visit.console.wait_for(pid, "1/0", "cancelled")
