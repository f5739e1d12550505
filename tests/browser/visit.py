"""Somebody who looks at a console with a browser: logged in, with a language, a scheme, a window's size."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from app.model.paths import PROJECT
from tests.console.world import Console

PATIENCE_MS = 20_000
AXE = PROJECT / "control" / "src" / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"

Language = Literal["en", "zh"]
Scheme = Literal["dark", "light"]

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Visit:
    page: Page
    console: Console
    errors: list[str] = field(default_factory=list)  #: that the page has thrown

    def go(self, path: str) -> "Visit":
        self.page.goto(self.console.url + path)
        return self

    def text(self, text: str) -> Locator:
        return self.page.get_by_text(text, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def row(self, text: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=text)

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def too_wide(self) -> list[str]:
        """What makes the page wider than its window, if it is."""
        script = """() => {
            const window_ = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= window_) return [];
            const wide = [...document.body.querySelectorAll("*")].filter(
                (one) => one.getBoundingClientRect().right > window_,
            );
            return ["the page", ...wide.map((one) => one.outerHTML.slice(0, 200))];
        }"""
        return list(self.page.evaluate(script))

    def axe(self) -> list[str]:
        """What is wrong for who can't see, hear or use a mouse, as far as axe finds it: serious things."""
        self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = self.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
        )
        return [
            f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]


@contextlib.contextmanager
def visiting(
    browser: Browser,
    console: Console,
    *,
    role: Literal["write", "read"] = "write",
    language: Language = "en",
    scheme: Scheme = "dark",
    width: int = 1440,
    height: int = 900,
) -> Iterator[Visit]:
    """Fails where the page has thrown an error."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale="en-US",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(
        "const kept = 'gpulane-language';"
        f"if (!localStorage.getItem(kept)) localStorage.setItem(kept, '{language}')"
    )
    _log_in(context, console, role)
    visit = Visit(context.new_page(), console)
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    try:
        yield visit
        assert visit.errors == []
    finally:
        context.close()


def _log_in(context: BrowserContext, console: Console, role: str) -> None:
    answer = context.request.post(
        f"{console.url}/api/auth/login",
        data=json.dumps({"secret": console.secret(role)}),
        headers={"Content-Type": "application/json", "Origin": console.url},
    )
    assert answer.ok, answer.text()
