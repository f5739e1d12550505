"""help/ says of the API and of the settings what the console is, in both languages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.model.paths import PROJECT
from control.manual import describe, setting_pages
from control.src.main import bare_app, document

COMMAND = "python -m control.manual.describe"


@pytest.fixture(scope="module")
def api() -> Mapping[str, Any]:
    return document(bare_app())


@pytest.fixture(scope="module")
def made() -> Mapping[Path, str]:
    return describe.pages()


@pytest.fixture(scope="module")
def chinese() -> Mapping[str, Mapping[str, str]]:
    return yaml.safe_load(describe.TRANSLATED.read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["openapi.json", "api.md", "zh/api.md", "settings.md", "zh/settings.md"])
def test_help_has_what_is_made_from_the_console(made: Mapping[Path, str], name: str) -> None:
    path = PROJECT / "help" / name
    assert path.read_text() == made[path], f"run {COMMAND} and look at help/{name}"


def test_every_operation_has_its_chinese(api: Mapping[str, Any], chinese: Mapping[str, Any]) -> None:
    names = {call["operationId"] for calls in api["paths"].values() for call in calls.values()}
    _alike(names, chinese["calls"], "calls of api_zh.yaml")


def test_every_word_and_tag_has_its_chinese(api: Mapping[str, Any], chinese: Mapping[str, Any]) -> None:
    calls = [call for calls in api["paths"].values() for call in calls.values()]
    tags = {f"tag {tag}" for call in calls for tag in call["tags"]}
    assert tags == {word for word in describe.WORDS if word.startswith("tag ")}
    _alike(describe.WORDS, chinese["words"], "words of api_zh.yaml")


def test_every_model_has_its_chinese(api: Mapping[str, Any], chinese: Mapping[str, Any]) -> None:
    _alike(describe.models(api), chinese["models"], "models of api_zh.yaml")


def test_every_meaning_is_there_and_has_its_chinese(
    api: Mapping[str, Any], chinese: Mapping[str, Any]
) -> None:
    without = [
        f"{each['name']} of {path}"
        for path, calls in api["paths"].items()
        for call in calls.values()
        for each in call.get("parameters", ())
        if not describe.meaning(each)
    ]
    assert without == [], "parameters that say nothing of themselves"
    _alike(describe.meanings(api), chinese["meanings"], "meanings of api_zh.yaml")


def test_models_have_names_of_their_own(api: Mapping[str, Any]) -> None:
    """pydantic writes module__Name where two are called the same."""
    assert [name for name in api["components"]["schemas"] if "__" in name] == []


def test_every_setting_has_its_chinese() -> None:
    chinese = yaml.safe_load(setting_pages.TRANSLATED.read_text())
    _alike(setting_pages.WORDS, chinese["words"], "words of settings_zh.yaml")
    keys = {name: setting_pages.keys_in(name) for name in setting_pages.FILES}
    sections = {key.section for those in keys.values() for key in those}
    _alike(sections, chinese["sections"], "sections of settings_zh.yaml")
    for name, those in keys.items():
        assert [key.key for key in those if not key.meaning] == []
        _alike({key.key for key in those}, chinese[name], f"{name} of settings_zh.yaml")


def _alike(wanted: Any, there: Mapping[str, str], where: str) -> None:
    wanted = set(wanted)
    assert sorted(wanted - set(there)) == [], f"not in {where}"
    assert sorted(set(there) - wanted) == [], f"left over in {where}"
    assert [key for key, text in there.items() if not text.strip()] == []
