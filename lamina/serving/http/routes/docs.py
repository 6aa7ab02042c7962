"""GET /docs: every call with its fields, examples and errors; one page, made of /openapi.json."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from lamina.serving.http.service import Service

Json = dict[str, Any]
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; } h3 { margin: 2.5rem 0 0; } h3 code { font-size: 1.05rem; }
pre, code { font: 14px/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid #8886; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; } summary { cursor: pointer; margin: .5rem 0; }
td { border-top: 1px solid #8884; padding: .3rem .75rem .3rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; }
"""


def router(_service: Service) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(_page(request.app.openapi()), headers=headers)

    return routes


def _page(document: Json) -> str:
    info = document["info"]
    calls = [
        (path, method, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]
    tags = dict.fromkeys(call["tags"][0] for _, _, call in calls)
    sections = "".join(
        f"<h2>{escape(tag)}</h2>"
        + "".join(_call(document, *one) for one in calls if one[2]["tags"] == [tag])
        for tag in tags
    )
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(info['description'])}</p>"
        '<p>The same for programs: <a href="/openapi.json">/openapi.json</a>. '
        '<a href="/">Playground</a></p>'
        f"{sections}</html>"
    )


def _call(document: Json, path: str, method: str, call: Json) -> str:
    said = f"<p>{escape(call.get('description', ''))}</p>"
    return (
        f"<h3><code>{method.upper()} {escape(path)}</code></h3><p>{escape(call['summary'])}</p>"
        f"{said}{_body(document, call)}{_replies(call)}"
    )


def _body(document: Json, call: Json) -> str:
    content = call.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return ""
    schema = _resolved(document, content["schema"])
    examples = [one["value"] for one in content.get("examples", {}).values()]
    examples += schema.get("examples", [])
    shown = "".join(f"<pre>{escape(json.dumps(one, indent=2))}</pre>" for one in examples)
    rows = "".join(_rows(schema))
    table = f"<details><summary>Fields</summary><table>{rows}</table></details>" if rows else ""
    return shown + table


def _rows(schema: Json) -> Iterator[str]:
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        kind = _kind(field) + (", required" if name in required else "")
        if field.get("default") not in (None, [], {}):
            kind += f", default {json.dumps(field['default'])}"
        what = escape(field.get("description", ""))
        yield f"<tr><td><code>{escape(name)}</code><td>{escape(kind)}<td>{what}"


def _kind(field: Json) -> str:
    if "$ref" in field:
        return str(field["$ref"].rsplit("/", 1)[1])
    if "anyOf" in field:
        return " or ".join(_kind(one) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return " | ".join(map(json.dumps, field["enum"]))
    inner = f" of {_kind(field['items'])}" if field.get("items") else ""
    return str(field.get("type", "any")) + inner


def _replies(call: Json) -> str:
    rows = "".join(
        f"<tr><td><code>{status}</code><td>{escape(reply['description'])}"
        for status, reply in call["responses"].items()
    )
    return f"<details><summary>Replies</summary><table>{rows}</table></details>"


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if not schema.get("properties") and "anyOf" in schema:
        return _resolved(document, schema["anyOf"][0])
    return schema
