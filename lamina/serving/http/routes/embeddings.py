"""POST /v1/embeddings: refused with the reason, since OpenAI's clients ask for it."""

from fastapi import APIRouter

from lamina.errors import NotFoundError
from lamina.serving.http.service import Service


def router(_service: Service) -> APIRouter:
    """The route; no document lists it."""
    routes = APIRouter()

    @routes.post("/v1/embeddings", include_in_schema=False)
    async def embeddings() -> None:
        msg = (
            "this server gives no embeddings: the mean states of a base that learnt to go on with "
            "texts find less than the words themselves; ask a model that was made for it"
        )
        raise NotFoundError(msg)

    return routes
