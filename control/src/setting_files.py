"""Reading and saving the two settings files, as texts and by single keys."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

import yaml
from pydantic import BaseModel

from app.amend import alone
from app.config.load import Loaded, load, read_what_can_be, settings_of
from app.config.tree import KeyPath
from app.model.faults import BadInput, Fault
from app.model.paths import PROJECT
from app.model.settings import Settings
from app.notify.trial import addresses_of
from control.src import settings as control_settings
from control.src.console import Console
from control.src.files.config_models import Config, ControlConfig, Value, Values
from control.src.files.editing import Edited, Present, Wish, encoded, folder_for
from control.src.files.setting_keys import keys_of
from control.src.files.yaml_edit import BOM, changed, compose
from control.src.logs.opening import absent
from control.src.settings import RESTART, SECRETS, ControlSettings, waits_for_restart
from control.src.web.gate import Door
from control.src.web.problems import listed
from control.src.web.roles import Role, renew
from control.src.where import find

CONFIG_KEYS = PROJECT / "config" / "gpu_manage.yaml"
ROLES: Mapping[str, Role] = {"secret": "write", "read-only-secret": "read"}
"""Whose secret each key is."""

CONTROL_KEYS = PROJECT / "config" / "control_setting.yaml"


def config_of(console: Console, reader: bool) -> Config:
    """Never raises: what is wrong with the file is told."""
    edited, present, text, faults = _read(console, "config")
    known, tree, wrong = read_what_can_be(text, edited.shown if edited else "")
    sure = console.masks.is_sure(text)
    values = {**known.flat(), "notify.urls": console.masks.addresses(text) if sure else []}
    return Config(
        file=str(console.config_file()),
        exists=present.data is not None,
        etag=edited.etag(present.data) if edited else None,
        modified=present.modified or None,
        text=None if reader and not sure else console.masks.hide(text),
        unreadable=bool(faults),
        values={key: list(value) if isinstance(value, tuple) else value for key, value in values.items()},
        given=_given(tree.places, {key.key for key in keys_of(Settings, CONFIG_KEYS)}),
        keys=list(keys_of(Settings, CONFIG_KEYS)),
        faults=listed(faults or wrong),
    )


def addresses(console: Console) -> tuple[str, ...]:
    """Of `notify.urls`, as the file has them. Raises BadInput, also where there is none."""
    file = console.config_file()
    return addresses_of(load(file) if file.exists() else Loaded(Settings()), str(file))


def control_of(console: Console, door: Door) -> ControlConfig:
    """Never raises."""
    edited, present, text, faults = _read(console, "settings")
    found, given, unreadable = console.settings, list[str](), bool(faults)
    try:
        found = control_settings.settings_of(text, edited.shown if edited else "")
        given = [name for name in _keys(text) if name not in SECRETS]
    except BadInput as bad:
        faults = faults or bad.faults
    used, where = console.settings, find(console.folder)
    values = {key: value for key, value in found.model_dump(mode="json").items() if key not in SECRETS}
    own = {"secret": found.secret, "read-only-secret": found.read_only_secret}
    return ControlConfig(
        file=str(console.settings_file),
        exists=present.data is not None,
        etag=edited.etag(present.data) if edited else None,
        modified=present.modified or None,
        unreadable=unreadable,
        values=values,
        given=given,
        secrets={key: "made" if value is None else "in the file" for key, value in own.items()},
        restart=[name.replace("_", "-") for name in RESTART],
        waiting=waits_for_restart(used, found, console.given),
        absent_roots=absent(console.home(), found.log_roots),
        command_line=sorted(name.replace("_", "-") for name in console.given),
        urls=[f"http://{host}" for host in sorted(door.hosts)],
        uds=where[0].uds if where else None,
        port_taken=where[0].taken if where else None,
        keys=list(keys_of(ControlSettings, CONTROL_KEYS)),
        faults=listed(faults),
    )


def save_config(
    console: Console,
    wish: Wish,
    login: str,
    text: str | None,
    values: dict[str, Value],
    reset: Sequence[str],
) -> tuple[bool, Config]:
    """Whether it changes anything, and what there then is. Raises Refused, BadInput."""
    edited = console.edited_yaml("config")

    def wanted(now: Present) -> str:
        before = now.text(edited.shown) if text is None else ""
        after = _changed(Settings, before, values, reset) if text is None else text
        known = (data.decode("utf-8", "replace") for data in _known(now, edited))
        return console.masks.show(after, known, edited.shown)

    def holds_secrets(after: str) -> bool:
        return bool(settings_of(after, edited.shown).notify.urls)

    with _saving(edited, wish, login, wanted, holds_secrets) as changes:
        return changes, config_of(console, False)


def save_control(
    console: Console, door: Callable[[], Door], wish: Wish, login: str, change: Values
) -> tuple[bool, ControlConfig]:
    """Whether it changes anything, and what there then is. What needs no restart holds at once. Raises
    Refused, BadInput."""
    values, reset = change.values, change.reset
    edited = console.edited_yaml("settings")

    def wanted(now: Present) -> str:
        return _changed(ControlSettings, now.text(edited.shown), values, reset)

    def holds_secrets(after: str) -> bool:
        found = control_settings.settings_of(after, edited.shown)
        return bool(found.secret or found.read_only_secret)

    with _saving(edited, wish, login, wanted, holds_secrets) as changes:
        unset = {*reset, *(key for key, value in values.items() if value is None)}
        made = [role for key, role in ROLES.items() if key in unset]
        for role in made:
            renew(console.folder, role)
        console.read_settings()
        return changes or bool(made), control_of(console, door())


@contextlib.contextmanager
def _saving(
    edited: Edited,
    wish: Wish,
    login: str,
    wanted: Callable[[Present], str],
    holds_secrets: Callable[[str], bool],
) -> Iterator[bool]:
    """Saved; nobody else saves meanwhile. Whether it changes anything. Raises Refused, BadInput."""
    folder_for(edited.path)
    with alone(edited.path):
        now = edited.present()
        edited.refuse_stale(now, wish, lambda seen: wanted(seen or now))
        edited.refuse_unreadable(now)
        after = wanted(now)
        mode = now.mode & 0o700 if holds_secrets(after) else now.mode
        yield edited.write(now, encoded(after, edited.shown), login, mode=mode)


def _changed(model: type[BaseModel], text: str, values: dict[str, Value], reset: Sequence[str]) -> str:
    """Raises BadInput."""
    shipped = CONFIG_KEYS if model is Settings else CONTROL_KEYS
    known = {key.key for key in keys_of(model, shipped)}
    faults = [
        Fault(f"values.{key}", 0, 0, "there is no such key", nearest(key, known))
        for key in (*values, *reset)
        if key not in known
    ]
    both = [Fault(f"values.{key}", 0, 0, "it is set and reset") for key in values if key in reset]
    if faults or both:
        raise BadInput([*faults, *both])
    defaults = {key.key: key.default for key in keys_of(model, shipped)}
    said = _keys(text)
    values = {**values, **{key: defaults[key] for key in reset if key in said}}
    return changed(text, {tuple(key.split(".")): value for key, value in values.items()})


def nearest(key: str, known: Collection[str]) -> str:
    """A hint for who has misspelt it."""
    near = get_close_matches(
        key.lower().replace("_", "-"), [each.replace("_", "-") for each in known], 1, 0.5
    )
    meant = [each for each in known if each.replace("_", "-") in near]
    return f"did you mean {meant[0]}?" if meant else ""


def _read(console: Console, what: str) -> tuple[Edited | None, Present, str, Sequence[Fault]]:
    edited, present = None, Present(None)
    try:
        edited = console.edited_yaml("config" if what == "config" else "settings")
        present = edited.present()
        return edited, present, present.text(edited.shown), ()
    except BadInput as bad:
        return edited, present, "", bad.faults or (Fault(what, 0, 0, str(bad)),)


def _keys(text: str) -> list[str]:
    """Those that a text says: "port", "notify.urls". Raises BadInput."""
    return [".".join(path) for path in _paths(compose(text.removeprefix(BOM)))]


def _paths(node: yaml.Node | None) -> Iterator[tuple[str, ...]]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    for key, value in pairs:
        yield (str(key.value),)
        yield from ((str(key.value), *rest) for rest in _paths(value))


def _given(places: "dict[KeyPath, tuple[int, int]]", known: set[str]) -> list[str]:
    return sorted(known & {".".join(map(str, path)) for path in places})


def _known(now: Present, edited: Edited) -> "list[bytes]":
    """Texts whose secrets a mask may stand for."""
    return [now.data or b"", *edited.versions.contents()]
