"""Nothing in the repository names a package index, or a path of the machine it was written on."""

import re

import pytest

from app.model.paths import PROJECT
from tests.project.files import tracked

# Written in pieces, so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"py" + r"pi\.org|python" + r"hosted|registry\.npm" + r"js|npm" + r"mirror|yarn" + r"pkg\.com",
            r"https?://[^\s\"'>]*/simp" + r"le\b",
            r"--(?:extra-)?index-" + r"url|--find-" + r"links|^registry" + r"\s*=",
            r"\.\./sha" + r"red|/work/(?:ma" + r"in|sha" + r"red|\.lib" + r"rary)|/tmp/br" + r"ief",
            r"/root/\.py" + r"env|/opt/whe" + r"els",
        ]
    ),
    re.MULTILINE,
)


def test_no_tracked_file_holds_a_forbidden_word() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        for match in FORBIDDEN.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(PROJECT)}:{line}: {match.group()}")
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "https://py" + "pi.org/simple",
        "https://mirror.example.com/artifactory/simp" + "le/",
        "see .." + "/shared/DESIGN.md",
        "--find-" + "links wheels",
        "cd /work/" + "main",
    ],
)
def test_the_words_are_found(text: str) -> None:
    assert FORBIDDEN.search(text)
