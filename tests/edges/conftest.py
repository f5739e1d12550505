"""Fixtures of the tests of leases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.lease.store import LeaseStore
from tests.edges.lease_worker import shared_directory


@pytest.fixture
def directory() -> Iterator[Path]:
    with shared_directory() as path:
        yield path


@pytest.fixture
def store(directory: Path) -> Iterator[LeaseStore]:
    made = LeaseStore(directory)
    yield made
    made.close()
