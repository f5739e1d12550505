"""Logs as somebody reads them: what a program writes there is text, whatever it looks like."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.visit import Visit, visiting
from tests.console.world import Console

HOSTILE = (
    b"\x1b[31mred\x1b[0m and plain\n"
    b"<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">\n"
    b"\x1b]8;;javascript:document.title='taken'\x07click me\x1b]8;;\x07\n"
    b"\x1b]0;another title\x07\x1b[2J\x1b[10;10Hmoved\n"
    b"nul \x00 bell \x07 not utf-8 \xff\xfe end\n"
    b"10%\r20%\r100% done\n"
    b"\xe2\x80\xaeturned around\n" + b"long" * 20_000 + b"\n"
    b"Traceback (most recent call last):\nValueError: the last one\n"
)


def opened(visit: Visit, path: Path) -> Locator:
    visit.go(f"/ui/logs/view?path={path}")
    return visit.page.get_by_label("Lines of the log")


@pytest.mark.parametrize("width", [400, 1440])
def test_a_hostile_log_is_only_text(browser: Browser, shared: Console, width: int) -> None:
    path = shared.root / "work" / "hostile.log"
    path.write_bytes(HOSTILE)
    with visiting(browser, shared, width=width) as visit:
        lines = opened(visit, path)
        expect(lines.get_by_text("ValueError: the last one")).to_be_visible()
        visit.page.get_by_role("button", name="First error").click()
        lines.evaluate("lines => lines.scrollTo(0, 0)")
        red = lines.get_by_text("red", exact=True)
        expect(red).to_be_visible()
        assert red.evaluate("red => getComputedStyle(red).color") != lines.get_by_text(
            "and plain"
        ).first.evaluate("one => getComputedStyle(one).color")
        expect(lines).to_contain_text("<script>document.title = 'taken'</script><img src=x")
        expect(lines).to_contain_text("click me")
        expect(lines).to_contain_text("100% done")
        assert "\x1b" not in lines.inner_text()
        assert lines.locator("script, img, iframe, a[href^=javascript]").count() == 0
        expect(visit.page).to_have_title(re.compile("gpulane"))
        assert visit.too_wide() == []


def test_a_log_is_searched_and_followed(browser: Browser, shared: Console) -> None:
    path = shared.root / "work" / "long.log"
    path.write_text("".join(f"step {n} loss {n % 7}\n" for n in range(20_000)))
    with visiting(browser, shared) as visit:
        lines = opened(visit, path)
        expect(lines.get_by_text("step 19999 loss 0")).to_be_visible()
        with path.open("a") as file:
            file.write("one more\n")
        expect(lines.get_by_text("one more")).to_be_visible()
        visit.page.keyboard.press("/")
        visit.page.keyboard.insert_text("step 77 ")
        visit.page.keyboard.press("Enter")
        expect(lines.get_by_text("step 77 loss 0")).to_be_visible()
        expect(visit.page.get_by_role("switch", name="Follow")).not_to_be_checked()
        with path.open("a") as file:
            file.write("unseen\n")
        visit.sees("1 of 1")
        expect(lines.get_by_text("step 77 loss 0")).to_be_visible()  # and is not run away from


def test_a_path_outside_is_refused_in_words(browser: Browser, shared: Console) -> None:
    with visiting(browser, shared) as visit:
        visit.go("/ui/logs/view?path=/etc/passwd")
        visit.sees("that is no log: what lies below")
