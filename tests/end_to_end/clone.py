"""A small stand-in for a clone: the real launcher, bootstrap and entry points, a package made on the spot.

Nothing is fetched: the requirements name wheels by file and hash, so real uv and pip install them offline.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from app.model.paths import PROJECT

TOOLS = ("sh", "cat", "cut", "env", "flock", "grep", "readlink", "sha256sum", "sleep", "tail", "touch")

CLI = """\
import json, os, sys
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
def run_mode(mode, argv):
    import tiny
    print(json.dumps({"mode": mode, "argv": argv, "cwd": os.getcwd(), "pid": os.getpid(),
                      "prefix": sys.prefix, "tiny": tiny.VERSION}))
    return 7
if __name__ == "__main__":
    sys.exit(run_mode("cli", sys.argv[1:]))
"""

PYTEST = "import json, os, sys; print(json.dumps({'argv': sys.argv[1:], 'cwd': os.getcwd()}))\n"

SLOW_UV = """\
#!/bin/sh
[ "$1" != pip ] || { touch "$REACHED"; exec sleep 1000; }
[ "$1" != venv ] || { for last; do :; done; exec "$PYTHON" -m venv --without-pip --clear "$last"; }
"""


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Writes a wheel; returns the line of a requirements file that asks for it."""
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"{name} @ {target.as_uri()} --hash=sha256:{hashlib.sha256(target.read_bytes()).hexdigest()}\n"


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Clone:
    root: Path
    bin: Path  #: all that PATH holds: links to the system's tools, the Pythons and installers a test chose

    @classmethod
    def make(cls, folder: Path) -> "Clone":
        clone = cls(folder / "a clone", folder / "bin")
        for name in ("app", "requirements"):
            (clone.root / name).mkdir(parents=True)
        (clone.root / "app" / "__init__.py").touch()
        (clone.root / "app" / "cli.py").write_text(CLI)
        for name in ("gpulane", "pyproject.toml", "app/bootstrap.py", "app/main_gpu.py", "app/main_gpus.py"):
            shutil.copy(PROJECT / name, clone.root / name)
        clone.bin.mkdir()
        for name in TOOLS:
            (clone.bin / name).symlink_to(str(shutil.which(name)))
        clone.require("1.0")
        return clone

    def require(self, version: str) -> None:
        # Of another length each: Python tells an old .pyc by length and second, and all this takes less.
        source = f"VERSION = {version!r}\n" + "#" * int(float(version))
        line = wheel(self.root.parent, "tiny", version, {"tiny.py": source})
        (self.root / "requirements" / "run.txt").write_text(line)
        dev = wheel(
            self.root.parent, "pytest", "9.0", {"pytest/__init__.py": "", "pytest/__main__.py": PYTEST}
        )
        (self.root / "requirements" / "dev.txt").write_text(line + dev)
        bell = wheel(self.root.parent, "bell", "1.0", {"bell.py": ""})
        (self.root / "requirements" / "notify.txt").write_text(line + bell)

    def use(self, *, python: bool = True, uv: bool = False) -> None:
        """Put the real ones on PATH."""
        if python:
            (self.bin / "python3").symlink_to(base_python())
        if uv:
            (self.bin / "uv").symlink_to(str(real_uv()))

    def script(self, name: str, text: str) -> None:
        """Put a script on PATH in place of a real program."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def env(self, **more: str) -> dict[str, str]:
        return {"PATH": str(self.bin), "HOME": str(self.root.parent), **more}

    def gpulane(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.root / "gpulane"), *arguments]
        return subprocess.run(command, env=self.env(**more), capture_output=True, text=True, check=False)

    @property
    def python(self) -> Path:
        return self.root / ".venv" / "bin" / "python"


def base_python() -> str:
    """The Python behind the tests' own venv."""
    return str(Path(sys.executable).resolve())


def real_uv() -> str | None:
    """The uv program itself, which may hide behind a version manager's shim; None where there is none."""
    if shutil.which("uv") is None:
        return None
    command = ["uv", "run", "--no-project", "sh", "-c", 'echo "$UV"']
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
