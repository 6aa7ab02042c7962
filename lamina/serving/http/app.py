"""The HTTP application: all calls about one base."""

from fastapi import FastAPI

from lamina import __version__
from lamina.serving.http.errors import answer_errors
from lamina.serving.http.openapi import describe
from lamina.serving.http.routes import (
    completions,
    docs,
    embeddings,
    health,
    layers,
    models,
    playground,
    scores,
    swap_test,
    tokens,
)
from lamina.serving.http.service import Service


def build_app(service: Service) -> FastAPI:
    """The application for one base."""
    app = FastAPI(title="Lamina", version=__version__, docs_url=None, redoc_url=None)
    pages = (playground, docs, embeddings)
    for module in (completions, scores, layers, models, tokens, health, swap_test, *pages):
        app.include_router(module.router(service))
    answer_errors(app)
    describe(app)
    return app
