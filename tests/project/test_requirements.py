"""requirements/*.txt are what pyproject.toml asks for.

They are made by `uv export --no-header --no-emit-project --no-dev -o requirements/run.txt`, notify.txt by the
same with `--extra notify`, and dev.txt with `--all-extras` and without `--no-dev`.
No test asks a package index again; these compare what the files themselves say.
"""

import re

import pytest
from packaging.requirements import Requirement

from app import bootstrap
from app.model.paths import PROJECT

Pins = dict[str, list[tuple[Requirement, str]]]  #: name -> each pin, with the lines under it


def asked(section: str) -> list[Requirement]:
    """A list of requirements of pyproject.toml ("dependencies", "dev")."""
    text = (PROJECT / "pyproject.toml").read_text()
    found = re.search(rf"^{section} = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert found
    return [Requirement(line) for line in re.findall(r'"([^"]+)"', found.group(1))]


def pins(name: str) -> Pins:
    text = (PROJECT / "requirements" / f"{name}.txt").read_text()
    result: Pins = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        first, _, rest = block.partition("\n")
        if re.match(r"[A-Za-z0-9]", first):
            pin = Requirement(first.rstrip("\\ "))
            result.setdefault(pin.name, []).append((pin, rest))
    return result


def version(pin: Requirement) -> str:
    """Of a requirement that allows one version only."""
    (only,) = pin.specifier
    assert only.operator == "=="
    return only.version


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("dependencies", "run"),
        ("dependencies", "notify"),
        ("notify", "notify"),
        ("dependencies", "dev"),
        ("notify", "dev"),
        ("dev", "dev"),
    ],
)
def test_every_requirement_is_pinned_to_a_version_it_allows(section: str, name: str) -> None:
    pinned = pins(name)
    for requirement in asked(section):
        assert requirement.name in pinned, f"{requirement} is not in requirements/{name}.txt: make it anew"
        for pin, _ in pinned[requirement.name]:
            assert requirement.specifier.contains(version(pin)), f"{pin} is not {requirement}"


@pytest.mark.parametrize(
    ("name", "sections"),
    [("run", ["dependencies"]), ("notify", ["dependencies", "notify"]), ("dev", ["dependencies", "notify"])],
)
def test_nothing_is_pinned_for_a_requirement_that_is_gone(name: str, sections: list[str]) -> None:
    ours = {pin for pin, found in pins(name).items() if any("gpulane" in rest for _, rest in found)}
    assert ours == {requirement.name for section in sections for requirement in asked(section)}


@pytest.mark.parametrize("name", ["run", "notify", "dev"])
def test_every_pin_has_hashes(name: str) -> None:
    bare = [str(pin) for found in pins(name).values() for pin, rest in found if "--hash=sha256:" not in rest]
    assert bare == []


@pytest.mark.parametrize("name", ["run", "notify"])
def test_developers_run_the_very_versions_that_users_run(name: str) -> None:
    run, dev = pins(name), pins("dev")
    for package, found in run.items():
        assert {str(pin) for pin, _ in found} == {str(pin) for pin, _ in dev[package]}


def test_bootstrap_asks_for_what_pyproject_asks_for() -> None:
    least = {}
    for requirement in asked("dependencies"):
        (bound,) = requirement.specifier
        assert bound.operator == ">="
        least[requirement.name] = bootstrap.release(bound.version)
    assert least == bootstrap.NEEDS
