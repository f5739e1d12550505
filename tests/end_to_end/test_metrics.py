"""Prometheus metrics of a real scheduler, scraped as Prometheus does."""

import re
import socket
import urllib.request

from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


def scraped(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        text: str = answer.read().decode()
        return text


def test_a_scrape_tells_of_tasks_cards_attempts_waits_and_decisions(world: World) -> None:
    world.settings(heartbeat=0.2)
    world.blocks([(1, "true"), (1, UNTIL_GO), (2, "true")])
    scheduler = world.start("--metrics-port", "0")
    (url,) = eventually(lambda: re.findall(r"metrics: (http://127\.0\.0\.1:\d+/metrics)", world.output()))
    scheduler.wait_for("1/1", "running")
    labels = rf'command_file="{world.root}/command/command_gpus.txt",mode="multi"'
    told = f'gpulane_tasks{{{labels},state="running"}} 1.0'
    eventually(lambda: told in scraped(url))
    text = eventually(lambda: text if 'outcome="completed"} 2.0' in (text := scraped(url)) else "")
    assert f"gpulane_wait_seconds_count{{{labels}}} 3.0" in text
    (decisions,) = re.findall(r"gpulane_decision_seconds_count\{.*\} (.*)", text)
    assert float(decisions) >= 2
    assert text.count("gpulane_gpu_memory_total_bytes{") == 4
    assert f"{10 * 2**30:.16e}"[:6] in text, "what the running task declares, as it is simulated"
    world.go()
    assert scheduler.end() == 0


def test_a_port_that_is_taken_refuses_the_start_and_nothing_has_begun(world: World) -> None:
    world.blocks([(1, "echo one >>done")])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = world.run("--metrics-port", str(port), expect=2)
    assert said == (
        f"gpulane: --metrics-port {port}: 127.0.0.1 port {port} can't be had (Address already in use); "
        "name another port\n"
    )
    assert not world.work("done")
    assert not list((world.root / "logs").glob("**/*.json"))
    assert "is no port; write 9100" in world.run("--metrics-port", "http", expect=2)
    assert "is no port; write 9100" in world.run("--metrics-port", "http", "--check", expect=2)
