"""The stream of events: what has changed, and nothing else, so that who has seen all of them knows all."""

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tests.console.test_scheduler import started
from tests.console.world import Console
from tests.waiting import eventually


def test_applying_the_changes_gives_the_state(console: Console) -> None:
    events = console.events()
    kind, hello = next(events)
    assert (kind, hello["versions"]) == ("hello", {})
    pid = started(console)
    known: dict[str, Any] = {}
    console.post(f"/api/scheduler/{pid}/hold", {"task": "1/1"})
    for event in schedulers(events):
        apply(known, event)
        if label(known, pid, "1/1") == "held":
            break
    console.world.go()
    console.post(f"/api/scheduler/{pid}/release", {"task": "1/1"})
    for event in schedulers(events):
        apply(known, event)
        if known[str(pid)]["ended"] == "finished":
            break
    assert known[str(pid)] == console.scheduler(pid)


def test_who_comes_later_is_told_the_versions(console: Console) -> None:
    pid = started(console)
    os.kill(pid, signal.SIGSTOP)  # it writes no more
    try:
        eventually(lambda: versions_told(console) == versions_shown(console), 10, 0.5)
        before = versions_told(console)
        assert list(before) == [str(pid)]
    finally:
        os.kill(pid, signal.SIGCONT)
    console.post(f"/api/scheduler/{pid}/pause")
    eventually(lambda: versions_told(console) != before)


def versions_told(console: Console) -> Any:
    """To who begins to listen."""
    kind, hello = next(console.events())
    assert kind == "hello"
    return hello["versions"]


def versions_shown(console: Console) -> Any:
    shown = console.get("/api/scheduler/running")["schedulers"]
    return {str(one["pid"]): one["version"] for one in shown}


def test_a_death_is_an_event(console: Console) -> None:
    pid = started(console)
    events = console.events()
    next(events)
    os.kill(pid, signal.SIGKILL)
    for event in schedulers(events):
        if event["set"].get("ended") == "died":
            assert event["set"]["left"]["running"] == ["1/0", "2/0"]
            break
    console.post(f"/api/scheduler/{pid}/dismiss")
    assert next(data for kind, data in events if kind == "gone") == {"pid": pid, "id": str(pid)}


def test_a_state_that_can_not_be_read_any_more_is_told_and_so_is_one_that_can_again(console: Console) -> None:
    events = console.events()
    next(events)
    pid, known = started(console), dict[str, Any]()
    apply_until(known, events, pid, lambda shown: label(known, pid, "2/0") == "running")
    assert known[str(pid)]["configuration"] == 0
    os.kill(pid, signal.SIGSTOP)  # it writes no more
    try:
        path = console.root / "logs" / "state" / f"{pid}.json"
        path.write_text("{")
        apply_until(known, events, pid, lambda shown: shown["unreadable"])
        shown = known[str(pid)]
        assert (shown["state"], shown["configuration"], shown["left"]) == (None, None, None)
        assert shown == console.scheduler(pid)
    finally:
        os.kill(pid, signal.SIGCONT)
    console.world.go()
    apply_until(known, events, pid, lambda shown: shown["ended"] == "finished")
    assert known[str(pid)] == console.scheduler(pid)


def apply_until(
    known: dict[str, Any], events: Iterator[tuple[str, Any]], pid: int, enough: Callable[[Any], object]
) -> None:
    for event in schedulers(events):
        apply(known, event)
        if str(pid) in known and enough(known[str(pid)]):
            return


def test_streams_end_with_the_console(console: Console) -> None:
    ended = threading.Event()

    def listen() -> None:
        for _ in console.events():
            pass
        ended.set()

    thread = threading.Thread(target=listen)
    thread.start()
    eventually(lambda: listeners(console) == "1.0")
    console.stop()
    thread.join(20)
    assert ended.is_set()


def test_who_goes_is_forgotten(console: Console) -> None:
    for _ in range(3):
        with (
            httpx.Client(
                base_url=console.url, headers={"Authorization": f"Bearer {console.secret()}"}
            ) as http,
            http.stream("GET", "/api/events") as stream,
        ):
            assert next(stream.iter_lines())
    eventually(lambda: listeners(console) == "0.0")


def listeners(console: Console) -> str:
    """How many it counts."""
    with console.http as http:
        found = re.search(r"^gpulane_console_listeners (\S+)$", http.get("/metrics").text, re.MULTILINE)
    return found[1] if found else ""


def schedulers(events: Iterator[tuple[str, Any]]) -> Iterator[Any]:
    return (data for kind, data in events if kind == "scheduler")


def label(known: dict[str, Any], pid: int, place: str) -> str:
    state = known.get(str(pid), {}).get("state") or {"queues": []}
    found = {
        f"{queue['queue_id']}/{task['index']}": task["state"]["status"]
        for queue in state["queues"]
        for task in queue["tasks"]
    }
    return str(found.get(place, ""))


def apply(known: dict[str, Any], event: Any) -> None:
    """As a page does it."""
    if event["from"] is not None:
        assert known[event["id"]]["version"] == event["from"]
    shown = known.setdefault(event["id"], {"state": None})
    shown |= event["set"]
    if "state" in event and event["state"] is None:  # it can't be read
        shown["state"] = None
    elif "state" in event:
        state = shown["state"] = shown["state"] or {"queues": []}
        state |= event["state"]
        state["queues"] = parts(state["queues"], event["queues"], event["order"], "queue_id", queue)


def queue(was: Any, told: Any) -> Any:
    tasks = parts(was.get("tasks", []), told["tasks"], told["order"], "key", lambda _, task: task)
    return {**was, **told["set"], "tasks": tasks}


def parts(was: Any, told: Any, order: Any, by: str, changed: Any) -> Any:
    found = {each[by]: each for each in was}
    for each in told:
        found[each[by]] = changed(found.get(each[by], {}), each)
    return [found[one] for one in (order if order is not None else [each[by] for each in was])]
