"""Which pictures there are: of which page, and what is done there first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.browser.lab.afternoon import Lab
from tests.browser.visit import Visit


def _nothing(visit: Visit, lab: Lab) -> None:
    pass


@dataclass(frozen=True)
class Take:
    name: str
    path: str
    sees: str  #: once that is there, so is the page
    how: dict[str, Any] = field(default_factory=dict)  #: `visiting`'s keywords
    act: Callable[[Visit, Lab], None] = _nothing


def _open_queue(visit: Visit, lab: Lab) -> None:
    visit.page.get_by_role("button", name="Show the tasks of queue 2").first.click()


TAKES = (
    Take("state", "/ui/state", "midas large", act=_open_queue),
    Take("gpu", "/ui/gpu", "GB free"),
    Take("timeline", "/ui/timeline", "Last 24 h"),
    Take("command", "/ui/command", "Queue 1"),
    Take("tasks", "/ui/tasks", "export onnx"),
    Take("logs", "/ui/logs", "unet 512"),
    Take("history", "/ui/history", "How long tasks take"),
    Take("rule", "/ui/rule", "How many GPUs you may hold"),
    Take("setting", "/ui/setting", "Address"),
)
