"""The page of command files: two people at one file, and somebody without a mouse."""

import contextlib
import re
from collections.abc import Iterator

from playwright.sync_api import Browser, Locator, Route, expect

from tests.browser.visit import Visit, visiting
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually

FIRST = "1\ntrue\n1\n8\n"


@contextlib.contextmanager
def two(browser: Browser, console: Console) -> Iterator[tuple[Visit, Visit]]:
    console.world.file(FIRST)
    with visiting(browser, console) as one, visiting(browser, console) as other:
        for visit in (one, other):
            visit.go("/ui/command?mode=multi&view=text")
            visit.sees("no faults")
        yield one, other


def editor(visit: Visit) -> Locator:
    return visit.page.get_by_role("textbox", name="Text of command_gpus.txt")


def write(visit: Visit, text: str) -> None:
    """At the end of the file."""
    editor(visit).click()
    visit.page.keyboard.press("Control+End")
    visit.page.keyboard.insert_text(text)
    visit.sees("Kept in this browser")


def save(visit: Visit) -> None:
    visit.button("Review and save 1").click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()


def text(console: Console) -> str:
    return str(console.get("/api/commands/multi", config_index=0)["text"])


def test_what_two_have_written_is_both_kept_until_one_chooses(browser: Browser, console: Console) -> None:
    with two(browser, console) as (one, other):
        write(one, "\n\n2\necho mine\n1\n8\n")
        write(other, "\n\n3\necho theirs\n1\n8\n")
        save(other)
        one.sees("was saved by another browser")
        one.button("Compare").click()
        compared = one.page.get_by_role("dialog")
        expect(compared).to_contain_text("echo mine")
        expect(compared).to_contain_text("echo theirs")
        compared.get_by_role("button", name="Keep mine").click()
        expect(one.page.get_by_role("dialog")).to_contain_text("echo theirs")  # that a save would take out
        one.page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
        eventually(lambda: "echo mine" in text(console))
        assert "echo theirs" not in text(console)
        versions = console.get("/api/commands/multi/versions", config_index=0)["versions"]
        assert len(versions) == 3  # theirs is among them, and so is what stood there first


def test_theirs_is_taken_by_who_says_so(browser: Browser, console: Console) -> None:
    with two(browser, console) as (one, other):
        write(one, "\n\n2\necho mine\n1\n8\n")
        write(other, "\n\n3\necho theirs\n1\n8\n")
        save(other)
        one.button("Take theirs").click()
        one.sees("Everything is saved.")
        expect(editor(one)).to_contain_text("echo theirs")


def test_a_save_that_crosses_another_loses_neither(browser: Browser, console: Console) -> None:
    """The news of the other's save has not come yet: the console refuses, and what was written stays."""
    with two(browser, console) as (one, _):
        write(one, "\n\n2\necho mine\n1\n8\n")
        one.button("Review and save 1").click()
        one.page.route("**/api/commands/multi?*", lambda route: _first_saved(console, route))
        one.page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
        compared = one.page.get_by_role("dialog")
        expect(compared).to_contain_text("Keep mine")
        expect(compared).to_contain_text("echo mine")
        expect(compared).to_contain_text("echo theirs")
        assert "echo theirs" in text(console)
        one.page.keyboard.press("Escape")
        expect(compared).to_be_hidden()
        expect(editor(one)).to_contain_text("echo mine")


def test_a_refused_start_leads_to_the_line(browser: Browser, console: Console) -> None:
    console.world.file(FIRST + "\n2\ntrue\n1\n60\n")
    with visiting(browser, console) as visit:
        visit.go("/ui/command?mode=multi")
        visit.button("Start").click()
        dialog = visit.page.get_by_role("dialog")
        dialog.get_by_placeholder("4x24").fill("2x24")
        dialog.get_by_placeholder("4x24").press("Enter")
        expect(dialog).to_contain_text("asks for 60 GB")
        dialog.get_by_role("button", name="9:1").click()
        expect(dialog).to_be_hidden()
        expect(editor(visit)).to_be_focused()


def _first_saved(console: Console, route: Route) -> None:
    if route.request.method == "PUT":
        console.world.file(FIRST + "\n3\necho theirs\n1\n8\n")
    route.continue_()


def test_what_is_unsaved_outlives_the_window(browser: Browser, console: Console) -> None:
    console.world.file(FIRST)
    with visiting(browser, console) as visit:
        visit.go("/ui/command?mode=multi&view=text")
        visit.sees("no faults")
        write(visit, "\n\n2\necho not saved yet\n1\n8\n")
        visit.page.reload()
        visit.sees("Kept in this browser")
        expect(editor(visit)).to_contain_text("not saved yet")
        visit.button("Discard").click()
        visit.button("Discard them").click()
        visit.sees("Everything is saved.")
        assert text(console) == FIRST


def test_what_a_form_was_just_told_outlives_the_page(browser: Browser, console: Console) -> None:
    """Also where the login ended while it was typed."""
    console.world.file(FIRST)
    with visiting(browser, console) as visit:
        visit.go("/ui/command?mode=multi&task=1/0")
        memory = visit.page.get_by_role("textbox", name=re.compile("^Memory"))
        memory.fill("14")
        visit.page.reload()
        expect(memory).to_have_value("14")
        expect(visit.button("Review and save 1")).to_be_visible()
        ended = {"type": "login", "title": "", "status": 401, "detail": "", "faults": []}
        visit.page.route("**/validate", lambda route: route.fulfill(status=401, json=ended))
        memory.fill("15")
        visit.page.wait_for_url("**/login?to=*", wait_until="commit")
        visit.page.unroute("**/validate")
        expect(memory).to_have_value("15")  # who is logged in is sent back


def test_a_file_that_is_no_text_is_not_written_over(browser: Browser, console: Console) -> None:
    path = console.world.file(FIRST)
    path.write_bytes("1\n#LANE name=训练\ntrue\n1\n8\n".encode("gbk"))
    with visiting(browser, console) as visit:
        visit.go("/ui/command?mode=multi&view=text")
        visit.sees("command_gpus.txt can't be read as a text")
        expect(editor(visit)).to_have_count(0)
        path.write_text(FIRST)
        expect(editor(visit)).to_contain_text("true")


def test_what_was_written_for_a_file_that_is_deleted_elsewhere_can_be_saved(
    browser: Browser, console: Console
) -> None:
    path = console.world.file(FIRST, "command_gpus_1.txt")
    with visiting(browser, console) as visit:
        visit.go("/ui/command?mode=multi&configuration=1&view=text")
        visit.sees("no faults")
        visit.page.get_by_role("textbox", name="Text of command_gpus_1.txt").click()
        visit.page.keyboard.press("Control+End")
        visit.page.keyboard.insert_text("\n\n2\necho mine\n1\n8\n")
        visit.sees("Kept in this browser")
        path.unlink()
        visit.button("Keep mine").click()
        visit.page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
        eventually(lambda: path.exists() and "echo mine" in path.read_text())


def test_a_file_is_written_saved_started_and_stopped_by_keys_alone(
    browser: Browser, console: Console
) -> None:
    with visiting(browser, console) as visit:
        page, keys = visit.page, visit.page.keyboard
        visit.go("/ui/state")
        visit.sees("No scheduler runs")
        for key in "gc":
            keys.press(key)
        visit.sees("No command file yet")
        tab_to(visit, "radio", "single", "ArrowRight")
        tab_to(visit, "button", "Make one", "Enter")
        visit.sees("There is no task in it")
        tab_to(visit, "button", "Add task", "Enter")
        tab_to(visit, "textbox", "Commands", "Control+a")
        keys.insert_text(UNTIL_GO)
        keys.press("Control+s")
        expect(page.get_by_role("dialog")).to_contain_text("Starts now")
        expect(visit.button("Save")).to_have_attribute("aria-disabled", "false")  # it has been checked
        tab_to(visit, "button", "Save", "Enter")
        eventually(lambda: "until test" in text(console))
        tab_to(visit, "button", "Start", "Enter")
        tab_to(visit, "textbox", "Simulated cards", None)
        keys.insert_text("2x24")
        tab_to(visit, "button", "Start it", "Enter")
        visit.button("Stop now").wait_for()
        (one,) = console.get("/api/scheduler/running")["schedulers"]
        console.wait_for(one["pid"], "1/0", "running")
        expect(page).to_have_title(re.compile("▶1"))  # the page knows it, too
        keys.press("Control+k")
        expect(page.get_by_placeholder("Find a page")).to_be_focused()
        keys.insert_text("stop now")
        expect(page.get_by_role("dialog").locator("[data-selected]")).to_contain_text("Stop now")
        keys.press("Enter")
        tab_to(visit, "button", "Stop 1 task now", "Enter")
        eventually(lambda: not console.scheduler(one["pid"])["alive"])


def tab_to(visit: Visit, role: str, name: str, key: str | None) -> None:
    """By Tab alone, within a hundred presses, and then that key."""
    wanted = visit.page.get_by_role(role, name=re.compile(rf"^{name}( \d+)?$"))  # type: ignore[arg-type]
    wanted.first.wait_for(state="attached")
    for _ in range(100):
        if wanted.evaluate_all("all => all.includes(document.activeElement)"):
            break
        visit.page.keyboard.press("Tab")
    else:
        raise AssertionError(f"no Tab leads to {role} {name!r}")
    if key:
        visit.page.keyboard.press(key)
