"""What /openapi.json says beyond the routes: errors, keys, and what a call needs."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lamina.serving.http.described import ErrorReply
from lamina.serving.http.guard.keys import changes_the_server

Json = dict[str, Any]

DESCRIPTION = """
One base model, and any blend of layers over it, chosen by each request: `model` takes `base`, a
layer's name, a blend such as `Leases:0.6+Goodwill:0.4`, a saved blend, or `default`. Fields and
replies are OpenAI's, with a field `lamina` that says which layers answered. A field that nobody
knows is refused by name.
"""
_FASTAPIS = "422"
_AT = "#/components/schemas/"
_WHY = {
    400: "the request cannot be: a field, a value, a schema, a name that no file can have",
    401: "a key is asked for, and this is none",
    403: "the key does not open this call, or a web page of another server asks without one",
    404: "a layer, blend or model is not known here",
    408: "the body stopped coming",
    409: "two things do not belong together, such as a layer and a base; or a name means both",
    413: "body or prompt is larger than this server takes",
    422: "a file is damaged",
    429: "too many requests wait; try again later",
    500: "a fault of the server's own; its log tells more",
    503: "the base is still being loaded, the server is stopping, or a file was just replaced",
    507: "memory or disk is full, or a step failed",
}
ASKING = (400, 401, 403, 404, 408, 409, 413, 422, 429, 503, 507)  # of layers, with a body
CHANGING = (400, 401, 403, 404, 408, 409, 413, 422, 503, 507)
READING = (401, 403, 422)
LAYERS_BODY: Json = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        {
                            "type": "object",
                            "properties": {
                                "adapters": {
                                    "type": "array",
                                    "items": {"$ref": "#/components/schemas/LayerRef"},
                                }
                            },
                            "required": ["adapters"],
                            "additionalProperties": False,
                        },
                        {"type": "array", "items": {"$ref": "#/components/schemas/LayerRef"}},
                    ]
                },
                "examples": {
                    "blend": {"value": {"adapters": [{"name": "Leases", "scale": 0.6}]}},
                    "llama-server's form": {"value": [{"id": 0, "scale": 1.0}]},
                    "no layers": {"value": []},
                },
            }
        },
    }
}


def errors(*statuses: int) -> dict[int | str, Json]:
    """What a call replies when something is wrong; a fault of the server's own may always be."""
    return {status: {"description": _WHY[status]} for status in sorted({*statuses, 500})}


def well(model: type) -> dict[int | str, Json]:
    """What a call replies when all is well."""
    return {200: {"model": model, "description": (model.__doc__ or "").partition("\n")[0]}}


def well_or_stream(model: type) -> dict[int | str, Json]:
    """The same, of a call that can send it piece by piece; the schema is that of each event."""
    said = {"type": "string", "description": "a chunk as JSON; of the last event: [DONE]"}
    event = {"type": "object", "properties": {"data": said}, "required": ["data"]}
    example = 'data: {"choices":[...]}\n\ndata: [DONE]\n\n'
    stream = {"text/event-stream": {"schema": event, "example": example}}
    return {200: well(model)[200] | {"content": stream}}


def describe(app: FastAPI) -> None:
    """Have the application tell of its keys, too."""

    def document() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _corrected(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=DESCRIPTION.strip(),
                    routes=app.routes,
                )
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's documented way


def _corrected(document: Json) -> Json:
    """With the keys, and without FastAPI's own 422, which this server never sends."""
    schemes = {
        "key": {"type": "http", "scheme": "bearer", "description": "LAMINA_API_KEY, where set"},
        "admin key": {
            "type": "http",
            "scheme": "bearer",
            "description": "LAMINA_ADMIN_KEY, else LAMINA_API_KEY: for what changes the server",
        },
    }
    document["components"]["securitySchemes"] = schemes
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            _correct_errors(call["responses"])
            needed = "admin key" if changes_the_server(method.upper(), path) else "key"
            call["security"] = [{needed: []}, {}]
    shapes = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        shapes.pop(name, None)
    shapes["ErrorReply"] = ErrorReply.model_json_schema(ref_template=_AT + "{model}")
    shapes |= shapes["ErrorReply"].pop("$defs")
    return document


def _correct_errors(replies: Json) -> None:
    if "HTTPValidationError" in str(replies.get(_FASTAPIS)):
        del replies[_FASTAPIS]
    for status, reply in replies.items():
        if status != "200":
            shape = {"schema": {"$ref": _AT + "ErrorReply"}}
            reply["content"] = {"application/json": shape}
