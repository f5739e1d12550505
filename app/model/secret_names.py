"""Variables whose values nobody but their task should read, as their names sound."""

import re

MASK = "********"

SECRET = re.compile(
    r"(?i)(secrets?|tokens?|keys?|passwords?|passwd|passphrase|credentials?|(?<![a-z])(pass|pwd|pat|auth|cookie))"
    r"(?![a-z])"
)
"""HF_TOKEN, apiKey, DB_PASS; not TOKENIZERS_PARALLELISM."""


def is_secret(name: str) -> bool:
    """Of an environment variable."""
    return SECRET.search(name) is not None
