"""A lease file's name and content."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lease.errors import LeaseError
from app.lease.record import READ_AT_MOST, SIZE, Record, decode, encode, gpu_of, new_name, to_lease

GPU = "GPU-5a1c0b9e-0000-1111-2222-333344445555"
GOOD: dict[str, Any] = {
    "v": 1,
    "gpu": GPU,
    "declared_gb": 20.5,
    "exclusive": False,
    "scheduler": 4242,
    "label": "queue 3",
    "supervisor": None,
    "start": None,
    "session": None,
}


def written(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode().ljust(SIZE)


@pytest.mark.parametrize("gpu", [GPU, "SIM-24-0", "SIM-22.5-11", f"MIG-{GPU}/7/0", "MIG-8b6ecf0d-ab"])
def test_a_name_tells_its_gpu(gpu: str) -> None:
    name = new_name(gpu, 1000)
    assert gpu_of(name) == gpu
    assert "/" not in name


@pytest.mark.parametrize("gpu", ["", ".hidden", "../GPU-1"])
def test_a_gpu_that_would_hide_its_lease_is_refused(gpu: str) -> None:
    with pytest.raises(LeaseError, match="can't be the uuid"):
        new_name(gpu, 1000)


def test_no_name_comes_twice() -> None:
    assert len({new_name(GPU, 1000) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "name",
    ["README", ".mutex", f"{GPU}.0", f"{GPU}.x.0123456789abcdef", f"..{'0' * 16}", "a\n.0.0123456789abcdef"],
)
def test_other_names_are_no_leases(name: str) -> None:
    assert gpu_of(name) is None


def test_a_record_comes_back_as_it_went() -> None:
    record = Record(gpu=GPU, declared_gb=20.5, exclusive=False, scheduler=4242, label="队列 3")
    data = encode(record)
    assert len(data) == SIZE
    assert decode(data, GPU) == record


@pytest.mark.parametrize("label", ["x" * 5000, "队" * 5000, '"\\' * 5000, "\x1b[31m\udcff" * 900])
def test_a_long_label_is_cut_and_control_characters_go(label: str) -> None:
    record = Record(
        gpu=GPU,
        declared_gb=None,
        exclusive=True,
        scheduler=2**22,
        label=label,
        supervisor=2**22,
        start=2**62,
        session=2**22,
    )
    data = encode(record)
    assert len(data) == SIZE
    found = decode(data, GPU)
    assert found is not None
    assert 0 < len(found.label) <= 80
    assert found.label.isprintable()


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"gpu": "GPU-another"},
        {"declared_gb": -1},
        {"declared_gb": float("nan")},
        {"declared_gb": float("inf")},
        {"declared_gb": "20"},
        {"declared_gb": True},
        {"exclusive": 1},
        {"scheduler": 0},
        {"scheduler": None},
        {"supervisor": -1},
        {"supervisor": 10**30},
        {"start": -5},
        {"session": 1.5},
        {"label": ["queue 3"]},
        {"label": "x" * 600},
    ],
)
def test_wrong_content_is_no_record(changes: dict[str, object]) -> None:
    assert decode(written(), GPU) is not None
    assert decode(written(**changes), GPU) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * SIZE,
        b"[" * 4000,
        b'{"v":1}',
        b"null",
        b"\xff\xfe",
        written()[:100],
        written() + b" " * READ_AT_MOST,
    ],
)
def test_garbage_is_no_record(data: bytes) -> None:
    assert decode(data, GPU) is None


@given(st.binary(max_size=600))
def test_any_bytes_are_a_record_or_none(data: bytes) -> None:
    found = decode(data, GPU)
    assert found is None or found.gpu == GPU


def test_a_later_version_may_add_fields() -> None:
    assert decode(written(hostname="gpu7"), GPU) is not None


def test_what_declares_nothing_is_exclusive_whatever_it_says() -> None:
    lease = to_lease(written(declared_gb=None, exclusive=False), new_name(GPU, 0), 0)
    assert lease is not None
    assert lease.exclusive


def test_anothers_label_can_not_command_a_terminal() -> None:
    lease = to_lease(written(label="\x1b]0;owned\x07"), new_name(GPU, 0), 0)
    assert lease is not None
    assert lease.label == "?]0;owned?"
