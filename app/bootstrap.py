"""Finding a Python that has our packages, before anything else is imported.

A leaf of the standard library alone, in syntax that Python 3.6 still parses: whatever `python` means to
the user must get as far as the sentence below.
"""

import os
import signal
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - cheap and old
VENV = os.path.join(ROOT, ".venv")  # noqa: PTH118
GUARD = "GPULANE_BOOTSTRAP"

#: pyproject.toml's dependencies and their least versions (a test keeps the two in step)
NEEDS = {
    "fastapi": (0, 135),
    "nvidia-ml-py": (12, 560),
    "openpyxl": (3, 1),
    "prompt-toolkit": (3, 0, 40),
    "psutil": (6, 0),
    "prometheus-client": (0, 21),
    "pydantic": (2, 10),
    "pyyaml": (6, 0, 2),
    "rich": (13, 9),
    "ruamel-yaml": (0, 18),
    "tenacity": (9, 0),
    "typer": (0, 29),
    "uvicorn": (0, 34),
    "watchfiles": (1, 0),
}

MISSING = """\
gpulane: {python} {why}; run `{root}/gpulane demo` once, which makes {root}/.venv, or: \
python3 -m venv '{root}/.venv' && '{root}/.venv/bin/python' -m pip install --require-hashes \
-r '{root}/requirements/run.txt'
"""


def ensure() -> None:
    """Return when this Python has our packages; else exec the project's `.venv` with the same arguments.

    Same pid. Where `.venv` is missing or lacks packages too: one sentence on stderr, SystemExit(2).
    """
    # Until there is something to end with care, Ctrl-C ends us as it ends any program: without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The guard holds the pid, which exec keeps; a child that inherits the variable has another pid.
    moved = os.environ.pop(GUARD, "") == str(os.getpid())
    why = lack()
    if why is None:
        return
    python = os.path.join(VENV, "bin", "python")  # noqa: PTH118
    if not moved and os.access(python, os.X_OK):
        os.environ[GUARD] = str(os.getpid())
        sys.stdout.flush()
        os.execv(python, [python, *sys.argv])
    sys.stderr.write(MISSING.format(python=sys.executable, why=why, root=ROOT))
    raise SystemExit(2)


def lack() -> "str | None":
    """What this Python has too little of, as the rest of a sentence about it; None when it will do."""
    if sys.version_info < (3, 10):  # noqa: UP036 - the one place that older ones reach
        return "is {}.{}, and gpulane needs 3.10 or newer".format(*sys.version_info[:2])
    if made_by_launcher():
        return None
    from importlib import metadata  # 10 ms, and not in Python 3.6: so only when it must be

    for name, least in NEEDS.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            return "lacks the package " + name
        if release(found) < least:
            return "has {} {}, and gpulane needs {}".format(name, found, ".".join(map(str, least)))
    return None


def made_by_launcher() -> bool:
    """Whether we run in the project's `.venv` and ./gpulane has finished it."""
    ours = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    return ours and os.path.exists(os.path.join(VENV, "gpulane-run.stamp"))  # noqa: PTH110, PTH118


def release(version: str) -> "tuple[int, ...]":
    """The leading numbers of a version: (2, 10) for "2.10rc1"; enough to compare with the least one."""
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
