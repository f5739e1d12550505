"""`python -m control.manual.describe`: what help/ has of the API and of the settings, in both languages.

Pages of the API come from the OpenAPI document, tables of settings from the models and the comments of the
files that we ship. api_zh.yaml and settings_zh.yaml have what stands in the Chinese ones instead.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from app.model.paths import PROJECT
from app.model.state_file import json_schema
from control.manual.compact import compact
from control.manual.setting_pages import setting_pages
from control.manual.tables import table
from control.src.main import bare_app, document, json_answer

Json = Mapping[str, Any]
Language = Mapping[str, Mapping[str, str]]
HELP = PROJECT / "help"
KEPT = "control/logs/secrets.json"
TRANSLATED = Path(__file__).with_name("api_zh.yaml")

WORDS: Mapping[str, str] = {
    "title": "The console's API",
    "about": (
        "Made from the OpenAPI document by `python -m control.manual.describe`. A running console has\n"
        "it at `/api/openapi.json`, and it lies here as [openapi.json](openapi.json), with an example of\n"
        "each JSON answer: recorded ones, in which long lists and texts are cut. Short ones stand below,\n"
        "too. Scripts send the secret, which `control/logs/secrets.json` holds unless the settings name\n"
        "one; see [security.md](security.md)."
    ),
    "units": "Times are wall-clock seconds, memory is GB of 1,024 MiB where nothing else is said.",
    "errors": (
        "Errors are problem details (RFC 9457, `application/problem+json`): `type` is a word for programs,\n"
        "`detail` a sentence for people, and `faults` has file, line, column, problem and hint of each\n"
        "thing that is wrong in a file or a request."
    ),
    "set_up": "In the examples:",
    "parameter": "parameter",
    "field": "field",
    "fields": "fields",
    "model": "model",
    "type": "type",
    "default": "default",
    "meaning": "meaning",
    "required": "required",
    "or": " or ",
    "list": "list of {}",
    "object": "object of {}",
    "body": "Body: {}",
    "answers": "Answers: {}",
    "stream": "a stream of server-sent events",
    "models": "What stands in bodies and answers",
    "state": "Parts of a scheduler's state",
    "about_state": (
        "`state` of a scheduler is what its state file says, whose schema is\n"
        "[state.schema.json](state.schema.json): there each field has its type."
    ),
    "tag audit": "Audit",
    "tag commands": "Command files",
    "tag config": "Settings",
    "tag events": "Events",
    "tag experiments": "Held tasks",
    "tag gpu": "GPUs",
    "tag history": "History",
    "tag login": "Login",
    "tag logs": "Logs",
    "tag metrics": "Metrics",
    "tag scheduler": "Schedulers",
    "tag tasks": "Submitted tasks",
    "tag timeline": "Timeline",
}
ENGLISH: Language = {"words": WORDS, "calls": {}, "models": {}, "meanings": {}}
EXAMPLES: Mapping[str, object] = {
    "mode": "multi",
    "config_index": 0,
    "index": 1,
    "pid": 41873,
    "verb": "hold",
    "task": "1/0",
    "queue_id": 1,
    "process_index": 0,
    "version": 1764236400000,
    "id": 1,
    "log_path": "logs/compete_gpus.log",
    "query": "error",
    "if-match": "*",
}
SHOWN = ("config_index", "mode", "queue_id", "process_index", "query", "if-match")
"""Parameters that an example has although they may be left out."""


SHORT = 12
"""Lines of an answer that is shown below its call."""


class Page:
    """One page, in one language."""

    def __init__(self, api: Json, language: Language) -> None:
        """`language`: words of the page, and what it says instead of the document of calls (by operation id),
        of models, and wherever a parameter or a field has that English meaning."""
        self._api, self._language = api, language
        self._words = language["words"]
        self._schemas: Json = api["components"]["schemas"]
        self._folded = folded(self._schemas)

    def text(self) -> str:
        return "\n".join(self._lines()).rstrip() + "\n"

    def _lines(self) -> Iterator[str]:
        word = self._words
        yield from (f"# {word['title']}", "", word["about"], "", word["units"], "", word["errors"], "")
        yield from (word["set_up"], "", "```bash", "URL=http://127.0.0.1:29214")
        yield f'SECRET=$(python3 -c \'import json; print(json.load(open("{KEPT}"))["write"])\')'
        yield from ("```", "")
        for tag, calls in self._by_tag().items():
            yield from (f"## {word[f'tag {tag}']}", "")
            for method, path, call in calls:
                yield from self._call(method, path, call)
        yield from (f"## {word['models']}", "")
        for name in shown_models(self._schemas):
            yield from self._model(name)
        yield from (f"## {word['state']}", "", word["about_state"], "")
        rows = [(name, _fields(self._schemas[name]), self._about(name)) for name in self._folded]
        yield from self._table(("model", "fields", "meaning"), rows)

    def _by_tag(self) -> dict[str, list[tuple[str, str, Json]]]:
        found: dict[str, list[tuple[str, str, Json]]] = {}
        for path, calls in self._api["paths"].items():
            for method, call in calls.items():
                found.setdefault(call["tags"][-1], []).append((method.upper(), path, call))
        return found

    def _call(self, method: str, path: str, call: Json) -> Iterator[str]:
        yield from (f"### {method} {path}", "")
        yield from (self._language["calls"].get(call["operationId"], call["description"]).strip(), "")
        rows = [self._parameter(each) for each in call.get("parameters", ())]
        if rows:
            yield from self._table(("parameter", "type", "default", "meaning"), rows)
        if body := _body(call):
            yield from (self._words["body"].format(self._type(body)), "")
        if answers := self._answers(call):
            yield from (self._words["answers"].format(answers), "")
        yield from ("```bash", self._curl(method, path, call), "```", "")
        for example in json_answer(call).get("examples", {}).values():
            shown = compact(example["value"])
            if len(shown.splitlines()) <= SHORT:
                yield from ("```json", shown, "```", "")

    def _parameter(self, each: Json) -> Sequence[str]:
        schema = each["schema"]
        default = f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
        if each.get("required"):
            default = self._words["required"]
        return f"`{each['name']}`", self._type(schema), default, self._meaning(each)

    def _meaning(self, each: Json) -> str:
        said = meaning(each)
        return self._language["meanings"].get(said, said)

    def _answers(self, call: Json) -> str:
        if _is_stream(call):
            return self._words["stream"]
        for status, answer in call["responses"].items():
            if status.startswith("2"):
                content = answer.get("content", {})
                if schema := _json(content):
                    return self._type(schema)
                return ", ".join(f"`{kind}`" for kind in content)
        return ""

    def _model(self, name: str) -> Iterator[str]:
        schema = self._schemas[name]
        yield from (f"### {_plain(name)}", "")
        if said := self._about(name):
            yield from (said, "")
        rows = [
            (f"`{field}`", self._type(each), self._meaning(each))
            for field, each in schema.get("properties", {}).items()
        ]
        if rows:
            yield from self._table(("field", "type", "meaning"), rows)

    def _about(self, name: str) -> str:
        return self._language["models"].get(
            _plain(name), str(self._schemas[name].get("description", "")).strip()
        )

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
        yield from table([self._words[head] for head in heads], rows)
        yield ""

    def _type(self, schema: Json) -> str:
        if "$ref" in schema:
            return self._link(schema["$ref"].rpartition("/")[2])
        for many in ("anyOf", "oneOf", "allOf"):
            if many in schema:
                return self._words["or"].join(dict.fromkeys(self._type(each) for each in schema[many]))
        if "enum" in schema or "const" in schema:
            return ", ".join(f"`{json.dumps(each)}`" for each in schema.get("enum", [schema.get("const")]))
        if "prefixItems" in schema:
            return f"[{', '.join(self._type(each) for each in schema['prefixItems'])}]"
        if schema.get("type") == "array":
            return self._words["list"].format(self._type(schema.get("items", {})))
        if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
            return self._words["object"].format(self._type(schema["additionalProperties"]))
        return str(schema.get("type", "any"))

    def _link(self, name: str) -> str:
        if name not in self._folded:
            return f"[{_plain(name)}](#{_plain(name).lower()})"
        heading = re.sub(r"[^\w -]", "", self._words["state"]).lower().replace(" ", "-")
        return f"[{name}](#{heading})"

    def _curl(self, method: str, path: str, call: Json) -> str:
        body = _body(call)
        shown = [each for each in call.get("parameters", ()) if _is_shown(each, self._fields_of(body))]
        query = {each["name"]: _example(each) for each in shown if each["in"] == "query"}
        for each in shown:
            path = path.replace(f"{{{each['name']}}}", str(_example(each)))
        address = f"$URL{path}" + (f"?{urlencode(query, safe='/')}" if query else "")
        secret = "-H 'X-Gpulane: 1'" if call.get("security") == [] else '-H "Authorization: Bearer $SECRET"'
        words = [f"curl {secret}"]
        words += ["-N"] if _is_stream(call) else []
        words += [] if method == "GET" else [f"-X {method}"]
        words += [f"-H '{each['name']}: {_example(each)}'" for each in shown if each["in"] == "header"]
        if body:
            sample = json.dumps(self._sample(body), ensure_ascii=False)
            words += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(sample)}"]
        return " ".join([*words, f'"{address}"'])

    def _fields_of(self, body: Json) -> Json:
        """What may stand in a body instead of the query."""
        found: Json = self._followed(body).get("properties", {})
        return found

    def _followed(self, schema: Json) -> Json:
        if "anyOf" in schema:
            return self._followed(schema["anyOf"][0])
        found: Json = self._schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return found

    def _sample(self, schema: Json) -> Any:
        for each in (schema, schema := self._followed(schema)):
            if each.get("examples"):
                return each["examples"][0]
        if "properties" in schema:
            wanted = schema.get("required") or list(schema["properties"])[:1]
            return {name: self._sample(schema["properties"][name]) for name in wanted}
        kinds = {"string": "...", "integer": 1, "number": 1.0, "boolean": True, "array": []}
        return schema.get("default", kinds.get(str(schema.get("type")), {}))


def meaning(each: Json) -> str:
    """Of a parameter or a field."""
    schema = each.get("schema", each)
    options = (each, schema, *schema.get("anyOf", ()))
    return next((str(option["description"]) for option in options if option.get("description")), "")


def meanings(api: Json) -> set[str]:
    """Of all parameters, and of all fields that the pages show."""
    calls = [call for calls in api["paths"].values() for call in calls.values()]
    schemas = api["components"]["schemas"]
    those = [each for call in calls for each in call.get("parameters", ())]
    those += [each for name in shown_models(schemas) for each in schemas[name].get("properties", {}).values()]
    return {meaning(each) for each in those} - {""}


def models(api: Json) -> set[str]:
    """Those that say something of themselves."""
    schemas = api["components"]["schemas"]
    names = [*shown_models(schemas), *folded(schemas)]
    return {_plain(name) for name in names if schemas[name].get("description")}


def folded(schemas: Json) -> list[str]:
    """Models that are just what the state file's schema has, and have a line each."""
    known = json_schema()["$defs"]
    return [name for name in sorted(schemas) if _fields(schemas[name]) == _fields(known.get(name, {}))]


def shown_models(schemas: Json) -> list[str]:
    """Of one for bodies and one for answers that say the same one is enough."""
    left = sorted(set(schemas) - set(folded(schemas)))
    return list({_plain(name): name for name in left}.values())


def _plain(name: str) -> str:
    return name.removesuffix("-Input").removesuffix("-Output")


def _fields(schema: Json) -> str:
    return ", ".join(f"`{field}`" for field in schema.get("properties", {}))


def _json(content: Json) -> Json:
    found: Json = content.get("application/json", {}).get("schema", {})
    return found


def _body(call: Json) -> Json:
    return _json(call.get("requestBody", {}).get("content", {}))


def _is_stream(call: Json) -> bool:
    return "text/event-stream" in call["responses"].get("200", {}).get("content", {})


def _is_shown(each: Json, body: Json) -> bool:
    return bool(each.get("required")) or (each["name"] in SHOWN and each["name"] not in body)


def _example(each: Json) -> object:
    schema = each["schema"]
    if each.get("examples") or schema.get("examples"):
        return (each.get("examples") or schema["examples"])[0]
    return EXAMPLES.get(each["name"], schema.get("default", schema.get("enum", [0])[0]))


def pages() -> dict[Path, str]:
    """Each file of help/ that is made here, and what it is to hold."""
    api = document(bare_app())
    chinese = yaml.safe_load(TRANSLATED.read_text())
    return {
        HELP / "openapi.json": json.dumps(api, indent=1, ensure_ascii=False, sort_keys=True) + "\n",
        HELP / "api.md": Page(api, ENGLISH).text(),
        HELP / "zh" / "api.md": Page(api, chinese).text(),
        **setting_pages(HELP),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
