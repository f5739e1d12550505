"""The page of submitted tasks, where another is made."""

from playwright.sync_api import expect

from tests.browser.visit import Visit
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually


def test_a_new_task_stands_at_the_end_of_a_queue(visit: Visit) -> None:
    console, page = visit.console, visit.page
    visit.go("/ui/tasks?new=1")
    behind = page.get_by_role("radio", name="At the end of")
    expect(behind).to_be_disabled()
    visit.sees("no submitted task runs or waits")
    here = {"cwd": str(console.root / "work"), "memory_gb": 8}
    console.post("/api/tasks", {"command": UNTIL_GO, "name": "prepare", "simulate": "2x24", **here})
    console.post("/api/tasks", {"command": UNTIL_GO, "name": "other", **here})
    visit.go("/ui/tasks?new=1")
    page.get_by_label("Commands").fill("true")
    page.get_by_label("Memory").fill("12")
    visit.sees("12 GB fits on each of the 2 GPUs.")
    visit.sees("Would wait: Needs 1 GPU with 12 GB free")
    which = page.get_by_role("combobox", name="At the end of which queue")
    expect(which).to_have_value("2 other")
    which.click()
    page.get_by_role("option", name="2 other").click()
    expect(behind).to_be_checked()
    visit.sees("Would wait: Behind 2/0 in its queue.")
    which.click()
    page.get_by_role("option", name="1 prepare").click()
    visit.sees("Would wait: Behind 1/0 in its queue.")
    behind.focus()
    page.keyboard.press("ArrowDown")  # the list beside it does not take it
    expect(page.get_by_role("radio", name="Held")).to_be_checked()
    page.keyboard.press("ArrowUp")
    expect(behind).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(behind).not_to_be_checked()
    visit.sees("Would be held until it is released.")
    which.click()
    page.get_by_role("option", name="1 prepare").click()
    visit.button("Create task").click()
    visit.sees("Task 3 is submitted, behind others in its queue at 1/1.")
    console.world.go()
    expect(page.get_by_role("complementary").get_by_text("Completed")).to_be_visible()
    assert [one["state"] for one in console.get("/api/tasks", search="true")] == ["completed"]


def test_where_there_is_no_driver_a_new_task_is_not_promised_what_others_simulate(visit: Visit) -> None:
    visit.console.world.blocks([(1, UNTIL_GO)])
    visit.console.post("/api/scheduler/multi/start", simulate="6x24")
    visit.go("/ui/tasks?new=1")
    visit.page.get_by_label("Commands").fill("true")
    visit.page.get_by_label("Memory").fill("12")
    visit.sees("no NVIDIA driver")
    expect(visit.page.get_by_text("fits on")).to_have_count(0)
    visit.button("Create task").click()
    expect(visit.page.get_by_role("alert").get_by_text("no NVIDIA driver")).to_be_visible()


def test_one_that_has_ended_is_not_taken_for_a_later_one_with_the_same_commands(visit: Visit) -> None:
    console = visit.console
    first = console.post("/api/tasks", {"command": "true", "simulate": "1x24"})
    eventually(lambda: console.get(f"/api/tasks/{first['id']}")["state"] == "completed")
    console.post(f"/api/scheduler/stop/{first['scheduler']}")
    eventually(lambda: not console.scheduler(first["scheduler"])["alive"])
    console.post("/api/tasks", {"command": "true", "simulate": "1x24", "hold": True})
    visit.go(f"/ui/tasks?task={first['id']}")
    expect(visit.row("Held")).to_have_count(1)  # the page knows the later one's scheduler
    pane = visit.page.get_by_role("complementary")
    expect(pane).to_contain_text("Completed")
    expect(pane).not_to_contain_text("Submitted as held")
    expect(pane.get_by_role("button", name="Release")).to_have_count(0)
