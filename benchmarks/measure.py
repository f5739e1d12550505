"""Figures of the scheduler on this machine. `python -m benchmarks.measure [NAME ...]`; without names, all.

Machines are shared and noisy: what is compared runs in the same call, in turns; medians are printed.
"""

import contextlib
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from app.client import Client, RequestRefused
from benchmarks.world import PROJECT, World, cpu_seconds, peak_mb, world

TRIVIAL_TASKS = 2_000
QUEUES = 40
GAP_TASKS = 400
STAMP = 'echo "$EPOCHREALTIME {what} {card}" >>{file}'


def main(names: Sequence[str]) -> None:
    for name in names or list(FIGURES):
        print(f"{name}: {FIGURES[name]()}", flush=True)


def throughput() -> str:
    """Trivial tasks per second on 4 simulated cards, beside xargs -P4, start-up taken off."""
    ours, theirs = [], []
    for _ in range(3):
        theirs.append(TRIVIAL_TASKS / _xargs("bash -c /bin/true", TRIVIAL_TASKS))
        with world() as one:
            one.blocks([(1, "/bin/true")])
            start_up = one.run()
        with world() as many:
            many.blocks([(at % QUEUES + 1, "/bin/true") for at in range(TRIVIAL_TASKS)])
            ours.append(TRIVIAL_TASKS / (many.run() - start_up))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return f"{statistics.median(ours):.0f}/s, xargs {statistics.median(theirs):.0f}/s, ratio {ratio:.2f}"


def _xargs(command: str, times: int) -> float:
    began = time.perf_counter()
    feed = "\n".join(map(str, range(times)))
    argv = ["xargs", "-P4", "-I{}", *command.split()]
    subprocess.run(argv, input=feed, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def gap() -> str:
    """Milliseconds from a task's end to the next one's start on the same card, as the tasks saw it."""
    with world() as one:
        stamps = one.root / "work" / "stamps"
        card = "$GPULANE_GPUS"
        script = f"{STAMP.format(what='start', card=card, file=stamps)}\nsleep 0.02\n"
        script += STAMP.format(what="end", card=card, file=stamps)
        one.blocks([(at % 8 + 1, script) for at in range(GAP_TASKS)])
        one.run()
        ours = _gaps(stamps)
    with world() as one:
        stamps = one.root / "work" / "stamps"
        slot = "$XSLOT"
        script = f"{STAMP.format(what='start', card=slot, file=stamps)}; sleep 0.02; "
        script += STAMP.format(what="end", card=slot, file=stamps)
        argv = ["xargs", "-P4", "-n1", "--process-slot-var=XSLOT", "bash", "-c", script]
        subprocess.run(argv, input="\n".join(map(str, range(GAP_TASKS))), text=True, check=True)
        theirs = _gaps(stamps)
    return f"median {ours[0]:.1f} ms, p99 {ours[1]:.1f} ms; xargs {theirs[0]:.1f} and {theirs[1]:.1f} ms"


def _gaps(stamps: Path) -> tuple[float, float]:
    """(median, p99) in ms."""
    by_card: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for line in stamps.read_text().splitlines():
        at, what, card = line.split()
        by_card[card].append((float(at), what))
    gaps = []
    for events in by_card.values():
        events.sort()
        for (ended, what), (started, then) in itertools.pairwise(events):
            if (what, then) == ("end", "start"):
                gaps.append((started - ended) * 1000)
    gaps.sort()
    return statistics.median(gaps), gaps[int(len(gaps) * 0.99)]


def idle() -> str:
    """Processor share of a scheduler with 4 tasks running and 1,000 waiting, over 30 s."""
    with world() as one:
        one.blocks([(at + 1, "sleep 300") for at in range(1_004)])
        child = one.start()
        _until(one, child.pid, lambda counts: counts.get("running") == 4)
        time.sleep(5)
        before, began = cpu_seconds(child.pid), time.perf_counter()
        time.sleep(30)
        share = (cpu_seconds(child.pid) - before) / (time.perf_counter() - began)
        memory = peak_mb(child.pid)
        child.terminate()
        child.wait()
    return f"{share * 100:.2f}% of a core, {memory:.0f} MB"


def memory() -> str:
    """Most memory with 100,000 tasks in 1,000 queues, while 4 of them run."""
    with world() as one:
        one.blocks([(at % 1_000 + 1, f"sleep 300 # {at}") for at in range(100_000)])
        child = one.start()
        began = time.perf_counter()
        _until(one, child.pid, lambda counts: counts.get("running") == 4, 300)
        took = time.perf_counter() - began
        time.sleep(10)
        peak = peak_mb(child.pid)
        child.terminate()
        child.wait()
    return f"{peak:.0f} MB, running after {took:.1f} s"


def restart() -> str:
    """Seconds until a scheduler has adopted 4 attempts after kill -9, with 10,000 tasks finished."""
    with world() as one:
        quick = [(at % 4 + 1, "true") for at in range(10_000)]
        one.blocks(quick + [(queue, "sleep 600") for queue in (1, 2, 3, 4)])
        child = one.start()
        _until(one, child.pid, lambda c: c.get("running") == 4 and c.get("completed") == 10_000, 1_200)
        child.kill()
        child.wait()
        began = time.perf_counter()
        child = one.start()
        _until(one, child.pid, lambda counts: counts.get("running") == 4)
        took = time.perf_counter() - began
        child.terminate()
        child.wait()
    return f"{took:.2f} s from the start of the process to the state file that shows all four"


def parse() -> str:
    """Seconds to parse 100,000 blocks."""
    from app.command_file.parse import parse as parse_text

    text = "\n".join(f"{at % 50 + 1}\npython train.py --seed {at}\n2\n20\n" for at in range(100_000))
    times = []
    for _ in range(3):
        began = time.perf_counter()
        parsed = parse_text(text, "multi", "big.txt")
        times.append(time.perf_counter() - began)
        assert len(parsed.tasks) == 100_000
        del parsed
    return f"{statistics.median(times):.2f} s"


def edit() -> str:
    """Milliseconds from the save of a command file with one block more to the scheduler that has it."""
    return "; ".join(
        f"{blocks:,} blocks: {_edits(blocks, times)}" for blocks, times in ((1_000, 15), (100_000, 5))
    )


def _edits(blocks: int, times: int) -> str:
    with world() as one:
        tasks = [(at % 50 + 1, f"sleep 600 # {at}") for at in range(blocks)]
        one.blocks(tasks)
        child = one.start()
        _until(one, child.pid, lambda counts: counts.get("running") == 4, 300)
        took = []
        with Client(one.root / "logs" / "state" / f"{child.pid}.sock") as client:
            for number in range(times):
                tasks.insert(blocks // 2, (1_000 + number, "true"))
                one.blocks(tasks)
                began = time.perf_counter()
                while not _has_queue(client, 1_000 + number):
                    time.sleep(0.005)
                took.append((time.perf_counter() - began) * 1000)
        child.terminate()
        child.wait()
    return f"median {statistics.median(took):.0f} ms, longest {max(took):.0f} ms"


def _has_queue(client: Client, queue: int) -> bool:
    try:
        return bool(client.ask("tasks", queue=queue, count=1))
    except RequestRefused:
        return False


def ls() -> str:
    """Milliseconds that `./gpulane ls` takes from the shell, with 5 schedulers of 10,000 tasks each."""
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(world())
        children = []
        for number in range(5):
            name = f"command/command_gpus_{number}.txt"
            one.blocks([(at % 50 + 1, f"sleep 600 # {at}") for at in range(10_000)], name=name)
            children.append(one.start("--command-file", name))
        for child in children:
            _until(one, child.pid, lambda counts: sum(counts.values()) == 10_000, 60)
        time.sleep(3)
        took = []
        for _ in range(15):
            began = time.perf_counter()
            argv, env = [str(PROJECT / "gpulane"), "ls"], {**os.environ, "GPULANE_HOME": str(one.root)}
            subprocess.run(argv, env=env, check=True, stdout=subprocess.DEVNULL)
            took.append((time.perf_counter() - began) * 1000)
        for child in children:
            child.terminate()
        for child in children:
            child.wait()
    return f"median {statistics.median(took):.0f} ms, longest {max(took):.0f} ms"


def table() -> str:
    """Of tables with 50,000 rows: see `benchmarks.tables`."""
    from benchmarks import tables

    found = []
    for suffix in (".csv", ".xlsx"):
        with world() as one:
            found.append(f"{suffix} {tables.figures(one, suffix)}")
    return "; ".join(found)


def _until(one: World, pid: int, reached: Callable[[dict[str, int]], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = one.state(pid)
        counts = state["counts"] if state else {}
        assert isinstance(counts, dict)
        if reached(counts):
            return
        time.sleep(0.02)
    raise SystemExit("the scheduler did not get there in time")


FIGURES: dict[str, Callable[[], str]] = {
    "parse": parse,
    "throughput": throughput,
    "gap": gap,
    "idle": idle,
    "memory": memory,
    "restart": restart,
    "edit": edit,
    "ls": ls,
    "table": table,
}

if __name__ == "__main__":
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    main(sys.argv[1:])
