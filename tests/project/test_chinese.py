"""What programs say in English, and the page in Chinese."""

import re
import string

from app.model.paths import PROJECT
from app.model.problems import TEXTS

WORDS = PROJECT / "control" / "src" / "dashboard" / "src" / "words" / "problems.ts"
SENTENCE = re.compile(r'^  (\w+):\s*"(.*)",$', re.MULTILINE)


def facts_of(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_problem_of_a_scheduler_has_a_chinese_sentence_with_facts_that_it_has() -> None:
    chinese = dict(SENTENCE.findall(WORDS.read_text()))
    assert chinese.keys() == TEXTS.keys()
    unknown = {kind: facts_of(text) - facts_of(TEXTS[kind]) for kind, text in chinese.items()}
    assert {kind: names for kind, names in unknown.items() if names} == {}
