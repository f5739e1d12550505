"""Every page, in both languages and both themes: for everybody, and in every window."""

import os
import re

import pytest
from _pytest.mark import ParameterSet
from playwright.sync_api import Browser, expect

from tests.browser.visit import AXE, Language, Scheme, Visit, visiting
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO

PAGES = (
    "state?open=all",
    "gpu",
    "timeline",
    "command?mode=multi&task=1/0",
    "command?mode=multi&view=text",
    "tasks",
    "logs",
    "logs/view?mode=multi&config_index=0&queue_id=2&process_index=0",
    "history",
    "rule",
    "rule?view=text",
    "setting",
)


@pytest.fixture(scope="module")
def busy(shared: Console) -> Console:
    """One whose pages all have something to show."""
    shared.world.settings(max_retries=0)
    tasks = [(1, UNTIL_GO), (1, "true"), (2, "echo begun; ls /nowhere"), (3, UNTIL_GO), (4, UNTIL_GO)]
    shared.world.blocks(tasks)
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24", watch=True, fresh=True)["pid"]
    shared.wait_for(pid, "1/0", "running")
    shared.wait_for(pid, "2/0", "failed")
    shared.post("/api/tasks", {"command": "sleep 600", "memory_gb": 8, "simulate": "1x24"})
    return shared


def long_only(*values: object) -> ParameterSet:
    """Tried by hand: each page is seen in each language, theme and width at every run as well."""
    return pytest.param(*values, marks=pytest.mark.long)


QUIET = """() => performance.now() - 500 >
    Math.max(...performance.getEntriesByType("resource").map((one) => one.responseEnd))"""
"""Nothing has come for half a second. What takes longer shows that it does."""


def shown(visit: Visit, page: str) -> None:
    """With what it has to load; all queues opened."""
    schedulers = visit.console.get("/api/scheduler/running")["schedulers"]
    queues = [f"{one['id']}:{queue['queue_id']}" for one in schedulers for queue in one["state"]["queues"]]
    visit.go("/ui/" + page.replace("open=all", f"open={','.join(queues)}"))
    expect(visit.page.locator("main")).to_be_visible()
    visit.page.wait_for_function(QUIET)
    expect(visit.page.locator("main [aria-busy=true]")).to_have_count(0)


@pytest.mark.skipif(
    not AXE.exists() and not os.environ.get("CI"), reason="npm ci has not been run: no axe-core"
)
@pytest.mark.parametrize(
    ("scheme", "language", "width"),
    [
        ("dark", "en", 400),
        ("light", "zh", 1100),
        long_only("light", "en", 1100),
        long_only("dark", "zh", 400),
        long_only("dark", "en", 1440),
        long_only("light", "zh", 1440),
    ],
)
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_its_window(
    browser: Browser, busy: Console, scheme: Scheme, language: Language, width: int
) -> None:
    with visiting(browser, busy, language=language, scheme=scheme, width=width) as visit:
        found = {}
        for page in PAGES:
            shown(visit, page)
            found[page] = [*visit.too_wide(), *visit.axe()]
        assert found == {page: [] for page in PAGES}


def test_submitted_tasks_are_listed_on_a_telephone_too(browser: Browser, busy: Console) -> None:
    with visiting(browser, busy, width=400) as visit:
        visit.go("/ui/tasks")
        expect(visit.page.locator("[data-task]").first).to_be_visible()


def test_lists_say_how_long_ago_it_was_where_that_is_wanted(browser: Browser, busy: Console) -> None:
    with visiting(browser, busy) as visit:
        visit.go("/ui/setting")
        writes = visit.page.get_by_role("region", name="What was done here")
        expect(writes).to_contain_text(re.compile(r"\d\d:\d\d"))
        expect(writes).not_to_contain_text(" ago")
        visit.text("2 min ago").click()
        expect(writes.get_by_text(re.compile(r"^\d+ (s|min) ago$")).first).to_be_visible()
        visit.page.reload()
        expect(writes).to_contain_text(" ago")


def test_who_may_only_read_can_write_nowhere(browser: Browser, busy: Console) -> None:
    """What would write is there, and says why it can't: on the pages that have such."""
    with visiting(browser, busy, role="read") as visit:
        for page, name in (
            ("state", "Pause"),
            ("command?mode=multi", "Add task"),
            ("command?mode=multi", "Stop now"),
            ("tasks", "New task"),
        ):
            shown(visit, page)
            expect(visit.button(name).first).to_have_attribute("aria-disabled", "true")
        shown(visit, "command?mode=multi&view=text")
        expect(visit.page.locator(".cm-content")).to_have_attribute("contenteditable", "false")
