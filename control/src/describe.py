"""`python -m control.src.describe`: the API as help/api.md, help/zh/api.md and help/openapi.json tell it.

All of it comes from the OpenAPI document; the Chinese page has its sentences, call by call, from api_zh.yaml.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from app.model.paths import PROJECT
from control.src.main import bare_app, document

Json = Mapping[str, Any]
KEPT = "control/logs/secrets.json"
TRANSLATED = Path(__file__).with_name("api_zh.yaml")

WORDS: Mapping[str, str] = {
    "title": "The console's API",
    "about": (
        "Made from the OpenAPI document, which a running console has at `/api/openapi.json`, and which lies\n"
        "here as [openapi.json](openapi.json). Scripts send the secret, which `control/logs/secrets.json`\n"
        "holds unless the settings name one; see [security.md](security.md)."
    ),
    "set_up": "In the examples:",
    "parameter": "parameter",
    "type": "type",
    "default": "default",
    "meaning": "meaning",
    "required": "required",
    "body": "Body",
    "answers": "Answers",
    "models": "What stands in bodies and answers",
    "stream": "a stream of server-sent events",
    "errors": (
        "Errors are problem details (RFC 9457, `application/problem+json`): `type` is a word for programs,\n"
        "`detail` a sentence for people, and `faults` has file, line, column, problem and hint of each\n"
        "thing that is wrong in a file or a request."
    ),
}
EXAMPLES: Mapping[str, object] = {
    "mode": "multi",
    "pid": 41873,
    "task": "3/1",
    "log_path": "logs/compete_gpus.log",
    "query": "error",
}


class Page:
    """One page, in one language."""

    def __init__(self, api: Json, words: Mapping[str, str], said: Mapping[str, str]) -> None:
        """`said`: of each call, by its operation id, instead of what the document says."""
        self._api, self._words, self._said = api, words, said
        self._schemas: Json = api["components"]["schemas"]

    def text(self) -> str:
        return "\n".join(self._lines()).rstrip() + "\n"

    def _lines(self) -> Iterator[str]:
        word = self._words
        yield from (f"# {word['title']}", "", word["about"], "", word["errors"], "", word["set_up"], "")
        yield from ("```bash", "URL=http://127.0.0.1:29214")
        yield from (
            f'SECRET=$(python3 -c \'import json; print(json.load(open("{KEPT}"))["write"])\')',
            "```",
            "",
        )
        for tag, calls in self._by_tag().items():
            yield from (f"## {word.get(f'tag {tag}', tag.capitalize())}", "")
            for method, path, call in calls:
                yield from self._call(method, path, call)
        yield from (f"## {word['models']}", "")
        for name, schema in sorted(self._schemas.items()):
            yield from self._model(name, schema)

    def _by_tag(self) -> dict[str, list[tuple[str, str, Json]]]:
        found: dict[str, list[tuple[str, str, Json]]] = {}
        for path, calls in self._api["paths"].items():
            for method, call in calls.items():
                found.setdefault(call["tags"][0], []).append((method.upper(), path, call))
        return found

    def _call(self, method: str, path: str, call: Json) -> Iterator[str]:
        yield from (f"### {method} {path}", "")
        yield from (self._said.get(call["operationId"], call["description"]).strip(), "")
        rows = [self._parameter(each) for each in call.get("parameters", ())]
        if rows:
            yield from self._table(("parameter", "type", "default", "meaning"), rows)
        if body := _json(call.get("requestBody", {}).get("content", {})):
            yield from (f"{self._words['body']}: {self._type(body)}", "")
        answers = self._answers(call)
        if answers:
            yield from (f"{self._words['answers']}: {answers}", "")
        yield from ("```bash", self._curl(method, path, call), "```", "")

    def _parameter(self, each: Json) -> Sequence[str]:
        schema = each["schema"]
        default = f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
        if each.get("required"):
            default = self._words["required"]
        meaning = each.get("description", schema.get("description", ""))
        return f"`{each['name']}`", self._type(schema), default, meaning

    def _answers(self, call: Json) -> str:
        for status, answer in call["responses"].items():
            if status.startswith("2"):
                content = answer.get("content", {})
                if "text/event-stream" in content:
                    return self._words["stream"]
                if schema := _json(content):
                    return self._type(schema)
                return ", ".join(f"`{kind}`" for kind in content)
        return ""

    def _model(self, name: str, schema: Json) -> Iterator[str]:
        yield from (f"### {name}", "")
        if said := str(schema.get("description", "")).strip():
            yield from (said, "")
        rows = [
            (f"`{field}`", self._type(each), _clean(each.get("description", "")))
            for field, each in schema.get("properties", {}).items()
        ]
        if rows:
            yield from self._table(("parameter", "type", "meaning"), rows)

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
        yield f"| {' | '.join(self._words[head] for head in heads)} |"
        yield f"| {' | '.join('---' for _ in heads)} |"
        for row in rows:
            yield f"| {' | '.join(_clean(cell) for cell in row)} |"
        yield ""

    def _type(self, schema: Json) -> str:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        for many in ("anyOf", "oneOf", "allOf"):
            if many in schema:
                return " or ".join(dict.fromkeys(self._type(each) for each in schema[many]))
        if "enum" in schema or "const" in schema:
            return ", ".join(f"`{json.dumps(each)}`" for each in schema.get("enum", [schema.get("const")]))
        if schema.get("type") == "array":
            return f"list of {self._type(schema.get('items', {}))}"
        if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
            return f"object of {self._type(schema['additionalProperties'])}"
        return str(schema.get("type", "any"))

    def _curl(self, method: str, path: str, call: Json) -> str:
        parameters = call.get("parameters", ())
        for each in parameters:
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", str(_example(each)))
        query = {
            each["name"]: _example(each) for each in parameters if each["in"] == "query" and _shown(each)
        }
        address = f"$URL{path}" + (f"?{urlencode(query, safe='/')}" if query else "")
        words = ['curl -H "Authorization: Bearer $SECRET"']
        words += [] if method == "GET" else [f"-X {method}"]
        for each in parameters:
            if each["in"] == "header":
                words.append(f"-H '{each['name']}: *'")
        if body := _json(call.get("requestBody", {}).get("content", {})):
            words += [
                "-H 'Content-Type: application/json'",
                f"-d '{json.dumps(self._sample(body), ensure_ascii=False)}'",
            ]
        return " ".join([*words, f'"{address}"'])

    def _sample(self, schema: Json) -> Any:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        for many in ("anyOf", "oneOf"):
            if many in schema:
                return self._sample(schema[many][0])
        if schema.get("examples"):
            return schema["examples"][0]
        if "properties" in schema:
            wanted = schema.get("required") or list(schema["properties"])[:1]
            return {name: self._sample(schema["properties"][name]) for name in wanted}
        kinds = {"string": "...", "integer": 1, "number": 1.0, "boolean": True, "array": []}
        return schema.get("default", kinds.get(str(schema.get("type")), {}))


def _json(content: Json) -> Json:
    found: Json = content.get("application/json", {}).get("schema", {})
    return found


def _shown(each: Json) -> bool:
    return bool(each.get("required")) or each["name"] == "config_index"


def _example(each: Json) -> object:
    schema = each["schema"]
    if each.get("examples") or schema.get("examples"):
        return (each.get("examples") or schema["examples"])[0]
    return EXAMPLES.get(each["name"], schema.get("default", schema.get("enum", [0])[0]))


def _clean(text: str) -> str:
    """For a table's cell."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def pages() -> dict[Path, str]:
    """Each file of help/ that is made from the API, and what it is to hold."""
    api = document(bare_app())
    zh = yaml.safe_load(TRANSLATED.read_text())
    return {
        PROJECT / "help" / "openapi.json": json.dumps(api, indent=1, ensure_ascii=False, sort_keys=True)
        + "\n",
        PROJECT / "help" / "api.md": Page(api, WORDS, {}).text(),
        PROJECT / "help" / "zh" / "api.md": Page(api, zh["words"], zh["calls"]).text(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
