"""Which pictures there are: of which page, and what is done there first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

from tests.browser.visit import Visit


def _nothing(visit: Visit) -> None:
    pass


@dataclass(frozen=True)
class Take:
    name: str
    path: str
    sees: str  #: once that is there, so is the page
    how: dict[str, Any] = field(default_factory=dict)  #: `visiting`'s keywords
    act: Callable[[Visit], None] = _nothing


def _open_queue(visit: Visit) -> None:
    visit.button("Show the tasks of queue 2 seg").click()
    visit.sees("unet 1536")
    visit.page.mouse.move(700, 60)


def _less_memory(visit: Visit) -> None:
    """And that its queue goes on where it fails."""
    visit.page.get_by_label("Memory", exact=True).fill("14")
    visit.page.get_by_label("retries", exact=True).fill("5")
    visit.sees("memory 16 to 14 GB")
    visit.sees("all 54 tasks can run on this machine")


def _preview(visit: Visit) -> None:
    _less_memory(visit)
    visit.page.get_by_role("button", name="Review and save").click()
    visit.sees("What it will do")
    visit.sees("Not touched")


def _mistake(visit: Visit) -> None:
    line = visit.page.locator(".cm-line").filter(has_text="midas small").first
    line.click()
    visit.page.keyboard.press("End")
    visit.page.keyboard.type(" retrys=5")
    visit.sees("Change to retries")
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("ArrowDown")
    expect(visit.page.locator(".gl-under")).to_have_count(1)


def _wrong_secret(visit: Visit) -> None:
    visit.page.context.clear_cookies()
    visit.go("/login")
    visit.page.get_by_label("Secret", exact=True).fill("not the secret at all")
    visit.button("Log in").click()
    visit.sees("That is not the secret of this console.")


def _leave_more(visit: Visit) -> None:
    visit.page.get_by_label("gpu_left", exact=True).fill("2")
    visit.page.get_by_role("region", name="What it would change").get_by_role("listitem").first.wait_for()
    visit.sees("= 4 GPUs")


def _copied(visit: Visit) -> None:
    visit.row("7b probe").click()
    visit.button("Copy task").click()
    visit.page.get_by_label("Name", exact=True).fill("7b probe, more layers")
    expect(visit.button("Create task")).to_be_enabled()


def _found(visit: Visit) -> None:
    expect(visit.page.get_by_text("1 of 1", exact=True)).to_be_visible()


def _known(visit: Visit) -> None:
    visit.sees("single · 0")


def _curves(visit: Visit) -> None:
    expect(visit.page.locator("canvas")).to_have_count(8)


COMMANDS = "/ui/command?mode=single&configuration=0&queue=3&task=3%2F1"
LOG = "/ui/logs/view?mode=single&config_index=0&queue_id=2&process_index=1&attempt=1&q=out+of+memory"

TAKES = (
    Take("setting", "/ui/setting", "Address", act=_known),
    Take("state", "/ui/state", "midas large", act=_open_queue),
    Take("state-light", "/ui/state", "midas large", {"scheme": "light"}, _open_queue),
    Take("state-zh", "/ui/state", "midas large", {"language": "zh"}),
    Take("state-400", "/ui/state", "midas large", {"width": 400}),
    Take("gpu", "/ui/gpu", "GB free", act=_curves),
    Take("timeline", "/ui/timeline", "Last 24 h"),
    Take("command", COMMANDS, "midas small", act=_less_memory),
    Take("command-text", f"{COMMANDS}&view=text", "midas small", act=_mistake),
    Take("command-preview", COMMANDS, "midas small", act=_preview),
    Take("tasks", "/ui/tasks", "export onnx", act=_copied),
    Take("logs", "/ui/logs", "unet 512"),
    Take("log", LOG, "torch.OutOfMemoryError", act=_found),
    Take("history", "/ui/history", "How long tasks take"),
    Take("rule", "/ui/rule", "How many GPUs you may hold", act=_leave_more),
    Take("login", "/ui/state", "midas large", act=_wrong_secret),
)
