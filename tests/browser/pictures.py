"""Takes help/images/console-*.png: `python -m tests.browser.pictures`, as root, in about two minutes.

The pages are those of a lab's machine that is made up (tests/browser/lab): its driver is the stand-in of
tests/fakenvml, which needs a C compiler, and its colleagues' processes are other accounts', hence root. What
they show of this machine (its name, its user, its folders) is given other names.
"""

import json
import os
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from app.model.paths import PROJECT
from tests.browser.conftest import ARGS, chromium
from tests.browser.lab.afternoon import Lab, afternoon, lab
from tests.browser.lab.takes import TAKES, Take
from tests.browser.visit import Visit, visiting

IMAGES = PROJECT / "help" / "images"

RENAME = """(names) => {
    const told = (text) => names.reduce((so_far, [here, there]) => so_far.replaceAll(here, there), text);
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        if (["STYLE", "SCRIPT"].includes(walk.currentNode.parentElement.tagName)) continue;
        const text = told(walk.currentNode.data);
        if (text !== walk.currentNode.data) walk.currentNode.data = text;
    }
}"""

RENAME_DRAWN = """(() => {
    const names = %s;
    const told = (text) => names.reduce((so_far, [here, there]) => so_far.replaceAll(here, there), text);
    for (const name of ["fillText", "measureText"]) {
        const draw = CanvasRenderingContext2D.prototype[name];
        CanvasRenderingContext2D.prototype[name] = function (text, ...more) {
            return draw.call(this, told(text), ...more);
        };
    }
})()"""


def main(wanted: list[str]) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, lab(Path(folder)) as made, sync_playwright() as playwright:
        zone: dict[str, str | float | bool] = {**os.environ, "TZ": afternoon()}
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGS), env=zone)
        for take in TAKES:
            if wanted and take.name not in wanted:
                continue
            with visiting(browser, made.console, **take.how) as visit:
                path = IMAGES / f"console-{take.name}.png"
                _take(made, take, visit, path)
                print(path, path.stat().st_size)
        browser.close()


def _take(made: Lab, take: Take, visit: Visit, path: Path) -> None:
    names = [list(name) for name in made.names().items()]
    visit.page.add_init_script(RENAME_DRAWN % json.dumps(names))
    visit.go(take.path)
    visit.sees(take.sees)
    take.act(visit)
    visit.page.mouse.move(0, 0)
    expect(visit.page.locator("main [aria-busy=true]")).to_have_count(0)
    visit.page.evaluate("document.fonts.ready.then(() => undefined)")
    visit.page.evaluate(RENAME, names)
    with Image.open(BytesIO(visit.page.screenshot())) as picture:
        # A third as large: most pixels have one of few colours. By coverage a rare red is kept, too.
        few = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, 1, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
