"""The application: routes, errors in one shape, the queue beside it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from rascade import RESEARCH_USE, __version__
from rascade.errors import InputError, RascadeError, UnsupportedFeature
from rascade.serve import api, pages
from rascade.serve.guard import Guard, problem
from rascade.serve.live import Superseded
from rascade.serve.state import State

if TYPE_CHECKING:
    from starlette.responses import Response

    from rascade.serve.settings import ServeSettings

__all__ = ["create_app"]

_HERE = Path(__file__).parent


def create_app(settings: ServeSettings) -> FastAPI:
    """Return the application; the queue starts and ends with it.

    Args:
        settings: where it listens and what it may use.

    Raises:
        OutputError: its folder cannot be written.
    """
    state = State.of(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        state.supervisor.start()
        if settings.warm:
            threading.Thread(target=pages.warm, args=(state,), name="warm", daemon=True).start()
        try:
            yield
        finally:
            state.supervisor.stop()

    app = FastAPI(
        title="Rascade",
        version=__version__,
        description=RESEARCH_USE,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.workbench = state
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    app.add_middleware(Guard, settings=settings)
    _errors(app)
    return app


def _errors(app: FastAPI) -> None:
    """Answer every error in the one shape; pages get a page."""

    @app.exception_handler(RascadeError)
    async def ours(request: Request, error: RascadeError) -> Response:
        if isinstance(error, UnsupportedFeature):
            return _told(request, 501, str(error))
        missing = isinstance(error, InputError) and str(error).startswith("no run is called")
        status = 404 if missing else 422 if isinstance(error, InputError) else 500
        return _told(request, status, str(error))

    @app.exception_handler(Superseded)
    async def superseded(request: Request, error: Superseded) -> Response:
        return problem(409, "superseded by a newer request of the same page")

    @app.exception_handler(RequestValidationError)
    async def body(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"] if part != "body")
        return problem(422, f"{field}: {first['msg']}" if field else str(first["msg"]), field)

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        return _told(request, error.status_code, str(error.detail))


def _told(request: Request, status: int, message: str) -> Response:
    if request.url.path.startswith(("/api/", "/static/")):
        return problem(status, message)
    return pages.error_page(request, status, message)
