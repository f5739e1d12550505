"""A real browser, on consoles of the tests' own."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visit import Visit, visiting
from tests.console.conftest import console, shared
from tests.console.world import Console

__all__ = ["console", "shared"]

ARGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


def chromium() -> str:
    """Where it lies. Without one these tests say so, and in CI they fail."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        said = "no Chromium is here (apt-get install chromium): the page is not looked at"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module: Playwright keeps an event loop going, beside which no other test can have its own."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, console: Console) -> Iterator[Visit]:
    """Somebody who may write, on a console that is the test's own."""
    with visiting(browser, console) as visit:
        yield visit


@pytest.fixture
def look(browser: Browser, shared: Console, request: Any) -> Iterator[Visit]:
    """The same on the module's console; parametrised: how (`visiting`'s keywords)."""
    with visiting(browser, shared, **getattr(request, "param", {})) as visit:
        yield visit
