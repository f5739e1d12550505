"""Fixtures of the end-to-end tests."""

from pathlib import Path

import pytest

from tests.end_to_end.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Four simulated cards of 24 GB."""
    return World(tmp_path)
