"""The page of command files: two people at one file, and somebody without a mouse."""

import contextlib
import re
from collections.abc import Iterator

from playwright.sync_api import Browser, expect

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


def write(visit: Visit, text: str) -> None:
    """At the end of the file."""
    visit.page.get_by_role("textbox", name="Text of command_gpus.txt").click()
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
        expect(one.page.get_by_role("textbox", name="Text of command_gpus.txt")).to_contain_text("echo theirs")


def test_a_save_that_crosses_another_loses_neither(browser: Browser, console: Console) -> None:
    """The news of the other's save has not come yet: the console itself refuses, and what was written stays."""
    with two(browser, console) as (one, _):
        write(one, "\n\n2\necho mine\n1\n8\n")
        one.button("Review and save 1").click()
        one.page.route("**/api/commands/multi?*", lambda route: _first_saved(console, route))
        one.page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
        one.sees("was saved by another browser")
        assert "echo theirs" in text(console)
        one.page.keyboard.press("Escape")
        expect(one.page.get_by_role("textbox", name="Text of command_gpus.txt")).to_contain_text("echo mine")


def _first_saved(console: Console, route: object) -> None:
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
        expect(visit.page.get_by_role("textbox", name="Text of command_gpus.txt")).to_contain_text("not saved yet")
        visit.button("Discard").click()
        visit.button("Discard them").click()
        visit.sees("Everything is saved.")
        assert text(console) == FIRST
