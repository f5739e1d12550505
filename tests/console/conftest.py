"""Fixtures of the console's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.world import Console
from tests.end_to_end.world import World


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One for all tests of a module, on simulated cards: for those that don't end it."""
    console = Console(World(tmp_path_factory.mktemp("console"))).start()
    yield console
    console.end()


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """One of its own, started."""
    console = Console(World(tmp_path)).start()
    yield console
    console.end()
