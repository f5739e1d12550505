"""Fixtures of the edges."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.lease.store import LeaseStore
from tests import disks
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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    with disks.small_disk(tmp_path / "disk") as folder:
        yield folder
