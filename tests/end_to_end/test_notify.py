"""Notifications as a user meets them: a real scheduler, a real server that hears of it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.listening import Listening, listening
from tests.waiting import eventually


@pytest.fixture
def server() -> Iterator[Listening]:
    with listening() as one:
        yield one


def everything_under(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_one_message_tells_what_failed_and_that_all_is_done_and_no_file_holds_the_address(
    world: World, server: Listening
) -> None:
    world.settings(max_retries=0, fuse_tasks=None, notify={"urls": [server.url], "queue_done": True})
    world.blocks([(queue, "exit 3") for queue in range(1, 13)] + [(20, "true")])
    output = world.run(expect=1)
    assert len(server.got) <= 2, "a second one where the run has lasted five seconds"
    body = "\n".join(f"{message['title']}\n{message['message']}" for message in server.got)
    assert "all tasks have ended: 12 failed, 1 completed" in body
    assert "task 1/0 failed: exit 3 in: exit 3; its log: " in body
    assert "command_gpus.txt" in body
    written = output + everything_under(world.root / "logs")
    assert "sesame" not in written
    assert "/secret" not in written


def test_a_notifier_that_hangs_keeps_nothing_from_running_and_the_end_from_coming(world: World) -> None:
    with listening(hangs=True) as server:
        world.settings(max_retries=0, notify={"urls": [server.url]})
        world.blocks([(1, "exit 1"), (2, "echo two >>done")])
        scheduler = world.start()
        eventually(lambda: "ended with exit code 1" in world.output())
        began = time.monotonic()
        assert scheduler.end() == 1
        assert time.monotonic() - began < 9, "five seconds, and a machine that is busy"
    assert world.work("done") == ["two"]
    assert "is given up" in world.output()
    assert "Traceback" not in world.output()


def test_a_broken_notifier_is_a_line_in_the_log(world: World, server: Listening) -> None:
    server.answers = [500] * 20
    world.settings(max_retries=0, notify={"urls": [server.url]})
    world.blocks([(1, "true")])
    output = world.run()
    assert "notify.urls 1 (json) did not take a message: it could not be reached, or refused it" in output


def test_the_fuse_is_told(world: World, server: Listening) -> None:
    world.gpus = "1x24"
    world.settings(max_retries=0, fuse_tasks=2, notify={"urls": [server.url], "task_failed": False})
    world.blocks([(queue, "exit 1") for queue in range(1, 5)])
    scheduler = world.start()
    eventually(lambda: server.got)
    assert "the fuse holds 2 of the tasks" in server.got[0]["title"]
    assert scheduler.stop() == 128 + 15


def test_without_apprise_it_is_said_and_everything_else_goes_on(world: World) -> None:
    (world.root / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'apprise' else found(name, *more)\n"
    )
    world.env["PYTHONPATH"] = str(world.root)
    world.settings(notify={"urls": ["json://127.0.0.1:1/secret"]})
    world.blocks([(1, "true")])
    output = world.run()
    assert "apprise is not installed here; to install it: ./gpulane extra notify" in output
    said = gpulane(world, "notify", expect=2)
    assert said.endswith("to install it: ./gpulane extra notify\n")


def test_an_address_that_is_none_refuses_the_start_and_is_not_repeated(world: World) -> None:
    world.settings(notify={"urls": ["slak://hush/hush/hush"]})
    world.blocks([(1, "true")])
    output = world.run(expect=2)
    assert "notify.urls 1: apprise knows no slak://; did you mean slack://?" in output
    assert "hush" not in output
    assert not list(world.states())


def test_a_trial_tells_each_address_and_says_how_it_went(world: World, server: Listening) -> None:
    assert "there is no address under notify in" in gpulane(world, "notify", expect=2)
    world.settings(notify={"urls": [server.url]})
    assert gpulane(world, "notify") == "notify.urls 1 (json): sent\n"
    assert server.got[0]["title"].endswith(": a trial")
    server.answers = [404] * 9
    said = gpulane(world, "notify", expect=1)
    assert said == "notify.urls 1 (json): failed: it could not be reached, or refused it\n"


def test_addresses_follow_the_settings_file_and_are_in_no_line_about_its_change(
    world: World, server: Listening
) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    world.settings(notify={"urls": [server.url], "queue_done": True})
    eventually(lambda: "setting notify.queue_done: true, was false" in world.output())
    gpulane(world, "set", "notify.urls", "json://hush", expect=2)
    world.settings(notify={"urls": [server.url, "slak://hush"]})
    eventually(lambda: "apprise knows no slak://" in world.output())
    world.go()
    assert scheduler.end() == 0
    assert "all tasks have ended: 1 completed" in server.got[-1]["title"]
    written = world.output() + everything_under(world.root / "logs")
    assert not [word for word in ("sesame", "/secret", "hush") if word in written]
