"""The page of the rules: what a change would do, before it is saved."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visit import Language, visiting
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO

WORDS = {
    "en": (
        "What it would change",
        "would start now on GPU 1; waits today",
        "would wait for another reason: needs 1 GPU",
    ),
    "zh": (
        "会改变什么",
        "将立即在 GPU 1 上启动；现在在等待",
        "等待，原因变为：需要 1 张卡，每张 20 GB 空闲；GPU 0 已租给队列 1",
    ),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_change_would_do_is_said_while_it_is_typed(
    browser: Browser, console: Console, language: Language
) -> None:
    title, starts, waits = WORDS[language]
    console.world.settings(max_gpu=1)
    console.world.blocks([(1, UNTIL_GO), (2, UNTIL_GO), (3, UNTIL_GO)], memory="20")
    pid = console.post("/api/scheduler/multi/start", simulate="2x24", fresh=True)["pid"]
    console.wait_for(pid, "1/0", "running")
    console.wait_for(pid, "3/0", "waiting")
    with visiting(browser, console, language=language) as visit:
        visit.go("/ui/rule")
        most = visit.page.get_by_label("max_gpu", exact=True)
        expect(most).to_have_value("1")
        section = visit.page.get_by_role("region", name=title)
        expect(section).to_have_count(0)
        most.fill("2")
        lines = section.get_by_role("listitem")
        expect(lines).to_have_count(2)
        expect(lines.nth(0)).to_contain_text(f"2/0{starts}")
        expect(lines.nth(1)).to_contain_text(f"3/0{waits}")
        assert visit.axe() == []
        most.fill("0")
        expect(section).to_contain_text("with this, task 2/0 asks for 1 GPU")
        expect(lines.nth(0)).not_to_contain_text(starts)
        most.fill("1")
        expect(section).to_have_count(0)
        most.fill("2")
        expect(lines.nth(0)).to_contain_text(starts)
    console.world.settings(max_gpu=2)
    console.wait_for(pid, "2/0", "running")
    console.post(f"/api/scheduler/stop/{pid}")
