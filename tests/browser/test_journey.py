"""An evening with the page: a file is written, mended, saved, started, watched, stopped, looked back at."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.visit import Language, Visit, visiting
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO, World
from tests.fakenvml.driver import Card, FakeDriver

SAID: Mapping[str, Mapping[Language, str]] = {
    "Make one": {"zh": "新建一个"},
    "View": {"zh": "视图"},
    "Form": {"zh": "表单"},
    "Text": {"zh": "文本"},
    "Text of command_gpus.txt": {"zh": "command_gpus.txt 的文本"},
    "no faults": {"zh": "没有错误"},
    "Review and save": {"zh": "检查并保存"},
    "Starts now": {"zh": "立即启动"},
    "Save": {"zh": "保存"},
    "Everything is saved.": {"zh": "所有内容都已保存。"},
    "Start": {"zh": "启动"},
    "Start it": {"zh": "启动它"},
    "Running": {"zh": "运行中"},
    "Failed": {"zh": "失败"},
    "Log": {"zh": "日志"},
    "More": {"zh": "更多"},
    "Lines of the log": {"zh": "日志的各行"},
    "Bind a log": {"zh": "绑定日志"},
    "Path of the log": {"zh": "日志的路径"},
    "Bind": {"zh": "绑定"},
    "Stop now": {"zh": "立即停止"},
    "Stop 1 task now": {"zh": "立即停止 1 个任务"},
    "Stopping: 1 running task asked to end": {"zh": "正在停止：已让 1 个运行中的任务结束"},
    "stopped with the scheduler": {"zh": "随调度器停止"},
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Console]:
    """A machine of two cards of 24 GB, whose driver is the stand-in."""
    driver = FakeDriver.make(tmp_path / "driver", [Card("GPU-a"), Card("GPU-b")])
    world = World(tmp_path / "home", env=driver.env(), gpus=None)
    world.settings(max_retries=0)
    console = Console(world, env=driver.env()).start()
    yield console
    console.end()


TRAIN = f"echo begun; {UNTIL_GO.replace('-e go', '-e say')}; echo said just now; {UNTIL_GO}"


class Evening:
    """The steps, by the words of one language."""

    def __init__(self, visit: Visit, language: Language) -> None:
        self.visit, self.page, self.console = visit, visit.page, visit.console
        self._language = language

    def word(self, english: str) -> str:
        return SAID[english].get(self._language, english)

    def button(self, english: str) -> Locator:
        return self.page.get_by_role("button", name=re.compile(rf"^{self.word(english)}( \d+)?$"))

    def sees(self, english: str) -> None:
        self.visit.sees(self.word(english))

    def fits(self) -> None:
        """The page is as wide as its window."""
        assert self.visit.too_wide() == []

    def write(self, text: str) -> None:
        editor = self.page.get_by_role("textbox", name=self.word("Text of command_gpus.txt"))
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def makes_the_file(self) -> None:
        self.visit.go("/ui/command?mode=multi")
        self.button("Make one").click()
        self.page.get_by_role("radiogroup", name=self.word("View")).get_by_text(self.word("Text")).click()

    def is_told_of_mistakes(self) -> None:
        self.write(text(train="python train.py | while read line; do echo", memory=8))
        self.visit.sees("bash -n FILE")  # said by the scheduler's own parser, in its words
        self.fits()
        self.write(text(train=UNTIL_GO, memory=30))
        self.visit.sees("30 GB")
        self.write(text(train=TRAIN, memory=8))
        self.sees("no faults")

    def looks_before_saving(self) -> None:
        self.button("Review and save").click()
        preview = self.page.get_by_role("dialog")
        expect(preview).to_contain_text(self.word("Starts now"))
        expect(preview).to_contain_text("1/0")
        expect(preview).to_contain_text("GPU 0")
        self.fits()
        preview.get_by_role("button", name=self.word("Save"), exact=True).click()
        expect(preview).to_be_hidden()
        assert "echo begun" in self.console.get("/api/commands/multi", config_index=0)["text"]

    def starts_it(self) -> int:
        self.button("Start").click()
        self.button("Start it").click()
        self.button("Stop now").wait_for()
        (one,) = self.console.get("/api/scheduler/running")["schedulers"]
        return int(one["pid"])

    def watches(self) -> None:
        self.visit.go("/ui/state")
        expect(self.visit.row("1/0")).to_contain_text(self.word("Running"))
        expect(self.visit.row("2/0")).to_contain_text(self.word("Failed"))
        self.fits()

    def reads_the_log_as_it_grows(self) -> None:
        row = self.visit.row("1/0").first
        link = row.get_by_role("link", name=self.word("Log"), exact=True)
        if not link.is_visible():  # in a narrow window a row has its menu only
            row.get_by_role("button", name=self.word("More"), exact=True).click()
            link = self.page.get_by_role("menuitem", name=self.word("Log"), exact=True)
        link.click()
        lines = self.page.get_by_label(self.word("Lines of the log"))
        expect(lines.get_by_text("begun", exact=True)).to_be_visible()
        self.fits()
        (self.console.root / "work" / "say").touch()
        expect(lines.get_by_text("said just now", exact=True)).to_be_visible()

    def binds_a_log(self) -> None:
        (self.console.root / "work" / "other.log").write_text("said elsewhere\n")
        self.visit.go("/ui/command?mode=multi")
        self.page.get_by_role("button", name="1/0 car", exact=True).click()
        self.button("Bind a log").click()
        self.page.get_by_label(self.word("Path of the log")).fill("other.log")
        self.button("Bind").click()
        expect(self.page.get_by_role("dialog")).to_be_hidden()

    def stops_it(self, pid: int) -> None:
        self.visit.go("/ui/command?mode=multi")
        self.button("Stop now").click()
        self.page.get_by_role("dialog").get_by_role("button", name=self.word("Stop 1 task now")).click()
        self.visit.sees(self.word("Stopping: 1 running task asked to end"))
        self.button("Start").wait_for()
        assert not self.console.scheduler(pid)["alive"]

    def looks_back(self) -> None:
        self.visit.go("/ui/history")
        expect(self.visit.row("1/0")).to_contain_text(self.word("stopped with the scheduler"))
        expect(self.visit.row("2/0")).to_contain_text("ls /nowhere")
        self.fits()
        self.visit.go("/ui/timeline")
        bar = self.page.get_by_role("table").get_by_role("row").filter(has_text="1/0")
        expect(bar).to_contain_text("GPU 0")
        self.fits()


def text(train: str, memory: int) -> str:
    return f'1\n#LANE name="car"\n{train}\n1\n{memory}\n\n1\ntrue\n1\n8\n\n2\nls /nowhere\n1\n12\n'


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh", 1440), ("en", 400)])
def test_an_evening(browser: Browser, served: Console, language: Language, width: int) -> None:
    with visiting(browser, served, language=language, width=width) as visit:
        evening = Evening(visit, language)
        evening.makes_the_file()
        evening.is_told_of_mistakes()
        evening.looks_before_saving()
        pid = evening.starts_it()
        evening.watches()
        evening.reads_the_log_as_it_grows()
        evening.binds_a_log()
        evening.stops_it(pid)
        evening.looks_back()
