"""Versions as the API shows them."""

from collections.abc import Callable
from dataclasses import asdict

from control.src.files.command_models import Version, VersionList, VersionText
from control.src.files.differences import difference
from control.src.files.versions import Versions
from control.src.web.problems import Refused


def version_list(versions: Versions, present: bytes | None) -> VersionList:
    """`present`: what the file says now."""
    newest_like = versions.like(present)
    found = [Version(**asdict(each), present=each.id == newest_like) for each in versions.all()]
    return VersionList(versions=found)


def version_text(
    versions: Versions, number: int, present: bytes | None, show: Callable[[str], str] = str
) -> VersionText:
    """`show`: the text as it may be seen. Raises Refused."""
    found = versions.find(number)
    if found is None:
        raise Refused(404, "no-version", f"there is no version {number}, or no more")
    version, data = found
    text, now = (show(each.decode("utf-8", "replace")) for each in (data, present or b""))
    diff = difference(text, now, (f"version {number}", "now"))
    return VersionText(**asdict(version), present=data == present, text=text, diff=diff)
