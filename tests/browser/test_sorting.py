"""Tables are sorted at their heads, and the order stands in the address."""

import re

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.visit import Visit, visiting
from tests.console.world import Console


@pytest.fixture(scope="module")
def ran(shared: Console) -> Console:
    """Three attempts, of which the first took longest and had two cards."""
    shared.world.file(
        "1\n#LANE name=long\nsleep 1.5\n2\n4\n\n1\n#LANE name=middle\nsleep 0.7\n1\n4\n\n"
        "1\n#LANE name=short\ntrue\n1\n4\n"
    )
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24", watch=True)["pid"]
    shared.wait_for(pid, "1/2", "completed")
    return shared


def names(visit: Visit) -> Locator:
    return visit.page.get_by_role("row").get_by_text(re.compile("^(long|middle|short)$"))


def test_history_is_sorted_by_mouse_and_keys(browser: Browser, ran: Console) -> None:
    with visiting(browser, ran) as visit:
        visit.go("/ui/history")
        head = visit.page.get_by_role("columnheader", name="Ran")
        expect(names(visit)).to_have_text(["short", "middle", "long"])
        expect(visit.page.get_by_role("columnheader", name="Ended")).to_have_attribute(
            "aria-sort", "descending"
        )
        visit.button("Ran").click()
        expect(names(visit)).to_have_text(["long", "middle", "short"])
        expect(head).to_have_attribute("aria-sort", "descending")
        visit.page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", "ascending")
        expect(visit.page).to_have_url(re.compile(r"[?&]sort=ran$"))
        visit.page.reload()
        expect(head).to_have_attribute("aria-sort", "ascending")
        expect(names(visit)).to_have_text(["short", "middle", "long"])
        sheet = visit.page.get_by_role("link", name="Download CSV")
        expect(sheet).to_have_attribute("href", re.compile("sort=ran"))
        expect(visit.row("long").get_by_role("link", name="GPU 1")).to_be_visible()


@pytest.mark.parametrize(
    ("page", "head", "usual", "order"),
    [
        ("tasks", "Created", "Id", "descending"),
        ("logs", "Size", "State", "other"),
        ("history?view=runs", "Attempts", "Began", "descending"),
    ],
)
def test_heads_show_the_usual_order_and_another(
    browser: Browser, ran: Console, page: str, head: str, usual: str, order: str
) -> None:
    if page == "tasks":
        ran.post("/api/tasks", {"command": "true", "memory_gb": 2, "simulate": "1x24"})
    with visiting(browser, ran) as visit:
        visit.go(f"/ui/{page}")
        usually = visit.page.get_by_role("columnheader", name=usual, exact=True)
        expect(usually).to_have_attribute("aria-sort", order)
        for its in ("descending", "ascending"):
            visit.page.get_by_role("columnheader", name=head).get_by_role("button").click()
            expect(visit.page.get_by_role("columnheader", name=head)).to_have_attribute("aria-sort", its)
            expect(usually).to_have_attribute("aria-sort", "none")
        visit.page.get_by_role("columnheader", name=head).get_by_role("button").click()
        expect(usually).to_have_attribute("aria-sort", order)
        expect(visit.page).to_have_url(re.compile("^((?!sort=).)*$"))
