"""The settings of the scheduler and of the console."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.notify.trial import try_out
from control.src.console import TheConsole, TheLogin
from control.src.files import config_models as models
from control.src.files.command_models import VersionList, VersionText
from control.src.files.past_versions import version_list, version_text
from control.src.files.setting_previews import Draft
from control.src.routes.commands import TheWish, VersionId
from control.src.setting_files import addresses, config_of, control_of, save_config, save_control
from control.src.web.problems import Refused

router = APIRouter(tags=["config"])


async def _running(console: TheConsole) -> int:
    """How many schedulers there are; on the event loop."""
    return sum(bool(one.alive) for one in console.states.all)


@router.get("/api/config")
def get_config(console: TheConsole, who: TheLogin, response: Response) -> models.Config:
    """The scheduler's settings: the text, what holds, and what each key means and may be."""
    found = config_of(console, who.role == "read")
    _tag(response, found.etag)
    return found


@router.put("/api/config")
def put_config(
    request: Request,
    response: Response,
    change: models.ConfigChange,
    console: TheConsole,
    who: TheLogin,
    wish: TheWish,
    running: Annotated[int, Depends(_running)],
) -> models.SavedConfig:
    """Save the scheduler's settings: the text, or single keys, whose comments stay. Checked as a whole:
    with a fault nothing is saved. `If-Match` as for command files; `*` makes a file that is not there.
    One that is `unreadable` is not saved over (409)."""
    single = bool(change.values or change.reset)
    if single == (change.text is not None):
        raise Refused(422, "invalid-request", "a save has either text, or values and reset")
    request.state.what = _what(change, "the text")
    changed, found = save_config(console, wish, who.name, change.text, change.values, change.reset)
    _tag(response, found.etag)
    many = f"{running} schedulers take" if running > 1 else "1 scheduler takes"
    said = "It said so already." if not changed else "Saved." + (f" {many} it over." if running else "")
    return models.SavedConfig(**vars(found), changed=changed, said=said)


@router.post("/api/config/preview")
async def preview_config(
    draft: models.ConfigDraft, console: TheConsole, who: TheLogin
) -> models.ConfigPreview:
    """What saving a text as the scheduler's settings would change for the tasks that wait, by the plans and
    placement of their schedulers; nothing is written."""
    looked = await console.gpus.now.look()
    text = Draft(draft.text, console.config_file(), find_folder=who.role == "write")
    living = [one for one in console.states.all if one.alive]
    return await run_in_threadpool(console.setting_previews.of, text, living, looked)


@router.get("/api/config/versions")
def config_versions(console: TheConsole) -> VersionList:
    """The last 20 versions of the scheduler's settings."""
    edited = console.edited_yaml("config")
    return version_list(edited.versions, edited.present().data)


@router.get("/api/config/versions/{version}")
def config_version(version: VersionId, console: TheConsole, who: TheLogin) -> VersionText:
    """One of them, with masks for its addresses, and how the file differs from it."""
    edited = console.edited_yaml("config")
    masks = console.masks

    def show(text: str) -> str:
        return masks.hide(text) if who.role == "write" or masks.is_sure(text) else ""

    return version_text(edited.versions, version, edited.present().data, show)


@router.post("/api/config/notify")
async def send_trial(request: Request, console: TheConsole) -> models.Trial:
    """Send a trial message to every address of `notify.urls`, as the saved file has them. It takes up to half
    a minute where one does not answer."""
    urls = await run_in_threadpool(addresses, console)
    answers = await try_out(urls)
    request.state.what = f"{len(answers)} addresses"
    failed = [f"{address}: {error}" for address, error in answers.items() if error]
    sent = [models.TrialAnswer(address=address, error=error) for address, error in answers.items()]
    return models.Trial(answers=sent, said=". ".join(failed) or "Sent to all addresses.")


@router.get("/api/settings")
def get_settings(request: Request, console: TheConsole, response: Response) -> models.ControlConfig:
    """The console's settings, where it is reached, and what waits for its next start."""
    found = control_of(console, request.app.state.door())
    _tag(response, found.etag)
    return found


@router.put("/api/settings")
def put_settings(
    request: Request,
    response: Response,
    change: Annotated[models.Values, Body(examples=[{"values": {"log-level": "debug"}}])],
    console: TheConsole,
    who: TheLogin,
    wish: TheWish,
) -> models.SavedControlConfig:
    """Change single keys of the console's settings. `If-Match` as for /api/config. A secret of null: one is
    made. Where the file holds a secret, nobody else may read it from then on."""
    if not change.values and not change.reset:
        raise Refused(422, "invalid-request", "name values to set, or keys to reset")
    request.state.what = _what(change, "")
    changed, found = save_control(console, request.app.state.door, wish, who.name, change)
    _tag(response, found.etag)
    said = "Saved." if changed else "It said so already."
    if found.waiting:
        said += f" {', '.join(found.waiting)}: with the console's next start."
    if found.absent_roots:
        roots = ", ".join(found.absent_roots)
        said += f" log-roots: {roots} is no folder here; what comes there can be read then."
    return models.SavedControlConfig(**vars(found), changed=changed, said=said)


def _what(change: models.Values, text: str) -> str:
    """For the audit; no values, which may be secrets."""
    return ", ".join([*change.values, *(f"{key} reset" for key in change.reset)]) or text


def _tag(response: Response, etag: str | None) -> None:
    if etag:
        response.headers["ETag"] = f'"{etag}"'
