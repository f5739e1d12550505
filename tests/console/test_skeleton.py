"""The console from its start to its end, with a scheduler that neither touches."""

from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO


def test_a_scheduler_is_started_seen_and_outlives_the_console(console: Console) -> None:
    console.world.blocks([(1, UNTIL_GO), (1, "true")])
    started = console.post("/api/scheduler/multi/start", simulate="2x24")
    pid = started["pid"]
    console.wait_for(pid, "1/0", "running")
    assert "go on" in console.stop()
    console.start()
    assert console.scheduler(pid)["alive"] is True
    console.world.go()
    console.wait_for(pid, "1/1", "completed")
