"""Metrics made of state files: by Prometheus' conventions, and of what the files say."""

import re
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.core import CollectorRegistry, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from app.core.events import Ended, Granted
from app.metrics.families import families
from app.metrics.port import address_of
from app.model.backend import Exit, Grant
from app.model.faults import BadInput
from app.model.gpu import SetAside
from app.model.paths import PROJECT
from app.model.problems import problem
from app.model.state_file import StateFile, load
from app.model.totals import WAITS
from app.tally import Tally
from tests.unit.test_machine import Case, spec

UNITS = r"_(seconds|bytes|ratio|celsius|watts)"


def old_state() -> StateFile:
    return load((PROJECT / "tests" / "data" / "state_v1.json").read_bytes())


def exposed(*states: StateFile) -> dict[str, Metric]:
    """As Prometheus would read it."""

    class Source(Collector):
        def collect(self) -> Any:
            return families(states)

    registry = CollectorRegistry()
    registry.register(Source())
    text = generate_latest(registry).decode()
    return {metric.name: metric for metric in text_string_to_metric_families(text)}


def value(metrics: dict[str, Metric], name: str, **labels: str) -> float:
    (found,) = (
        sample.value
        for metric in metrics.values()
        for sample in metric.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
    return found


def test_names_and_units_are_as_prometheus_wants_them() -> None:
    metrics = exposed(old_state())
    assert len(metrics) >= 15
    for name, metric in metrics.items():
        assert re.fullmatch(r"gpulane_[a-z_]+", name)
        assert metric.documentation.endswith(".")
        assert not name.endswith(("_total", "_count", "_sum", "_bucket"))
        plain = name in ("gpulane_tasks", "gpulane_problems", "gpulane_attempts", "gpulane_gpu_usable")
        assert plain or re.search(UNITS + "$", name), name
    assert metrics["gpulane_attempts"].type == "counter"
    assert metrics["gpulane_wait_seconds"].type == "histogram"


def test_the_figures_are_those_of_the_state_file() -> None:
    state = old_state()
    card = replace(state.gpus[0], own_used_gb=2.0, use=50.0, aside=SetAside(1.0, 2.0, 5))
    state = replace(state, gpus=(card, *state.gpus[1:]), problems=(problem("spared", processes="x"),))
    metrics = exposed(state)
    for status, count in state.counts.items():
        assert value(metrics, "gpulane_tasks", state=status) == count
    assert value(metrics, "gpulane_problems", kind="spared") == 1
    assert value(metrics, "gpulane_gpu_memory_own_bytes", uuid=card.uuid) == 2 * 2**30
    assert value(metrics, "gpulane_gpu_memory_total_bytes", uuid=card.uuid) == card.total_gb * 2**30
    assert value(metrics, "gpulane_gpu_utilization_ratio", uuid=card.uuid) == 0.5
    assert value(metrics, "gpulane_gpu_usable", uuid=card.uuid) == 0


def test_of_several_schedulers_each_card_is_told_once_and_from_the_newest() -> None:
    one = old_state()
    card = replace(one.gpus[0], free_gb=7.0)
    two = replace(one, command_file="/b.txt", updated_at=one.updated_at + 1, gpus=(card, *one.gpus[1:]))
    for states in ((one, two), (two, one)):
        metrics = exposed(*states)
        assert value(metrics, "gpulane_gpu_memory_free_bytes", uuid=card.uuid) == 7 * 2**30
        assert len(metrics["gpulane_gpu_memory_free_bytes"].samples) == len(one.gpus)
        assert {s.labels["command_file"] for s in metrics["gpulane_tasks"].samples} == {
            one.command_file,
            "/b.txt",
        }


def test_what_happens_is_counted() -> None:
    case = Case(spec(1, "a"), spec(2, "b"), max_retries=0)
    tally = Tally(case.core)
    case.time += 30
    for label, status in (("1/0", 0), ("2/0", 1)):
        (want,) = (want for want in case.core.heads() if want.label == label)
        granted = Granted((Grant(want.key, ("0",), ("GPU-0",), ("lease",), 10),))
        tally(granted, case.feed(granted))
        number = case.task(label).running.number
        ended = Ended(number, Exit(status, case.now.wall, case.now.wall, None, ""))
        tally(ended, case.feed(ended))
    tally.decided(0.004)
    totals = tally.totals()
    assert totals.attempts == {"completed": 1, "exit": 1}
    assert totals.waits.counts[WAITS.index(60.0)] == 2
    assert totals.waits.total == 60
    metrics = exposed(replace(old_state(), totals=totals))
    assert value(metrics, "gpulane_attempts_total", outcome="exit") == 1
    assert value(metrics, "gpulane_wait_seconds_bucket", le="10.0") == 0
    assert value(metrics, "gpulane_wait_seconds_bucket", le="60.0") == 2
    assert value(metrics, "gpulane_wait_seconds_count") == 2
    assert value(metrics, "gpulane_decision_seconds_sum") == pytest.approx(0.004)


@pytest.mark.parametrize(
    ("where", "address"),
    [("9100", ("127.0.0.1", 9100)), ("0.0.0.0:9100", ("0.0.0.0", 9100)), ("[::1]:9100", ("::1", 9100))],
)
def test_a_port_is_one_of_this_machine_alone_unless_told(where: str, address: tuple[str, int]) -> None:
    assert address_of(where) == address


@pytest.mark.parametrize("where", ["", "http", "65536", "-1", "1.5", "host:", "٣"])
def test_what_is_no_port_is_refused(where: str) -> None:
    with pytest.raises(BadInput, match="is no port; write 9100"):
        address_of(where)
