"""Who may come in, and what a page may do: host, origin, token, size, content security policy."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse

from rascade.serve.settings import MAX_BODY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rascade.serve.settings import ServeSettings

__all__ = ["COOKIE", "Guard", "problem"]

COOKIE = "rascade_token"
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: A report brings its own style and one script to save figures; it runs apart from this origin.
_REPORT = (
    "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
)
#: A figure is looked at as a picture, apart from the page; its own styles are its own affair.
_FIGURE = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def problem(status: int, message: str, field: str | None = None) -> JSONResponse:
    """Return an error in the one shape that all routes use."""
    # A half of a pair of UTF-16 is no text that can be sent back.
    message = message.encode("utf-8", "replace").decode()
    return JSONResponse({"error": {"message": message, "field": field}}, status_code=status)


class Guard:
    """Refuses what is not meant for this server before anything else sees it."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with an error."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refused = self._refused(scope, headers)
        if refused is not None:
            await refused(scope, receive, _with_headers(send, scope))
            return
        await self.app(scope, _limited(receive), _with_headers(send, scope))

    def _refused(self, scope: Scope, headers: Headers) -> JSONResponse | RedirectResponse | None:
        host = headers.get("host", "").lower()
        if host not in self.settings.hosts and not self._elsewhere(host):
            return problem(421, f"no page for the host {host[:80]!r}; use {self.settings.address}")
        size = headers.get("content-length", "0")
        if not size.isdigit() or int(size) > MAX_BODY:
            return problem(413, f"a request may hold {MAX_BODY:,} bytes")
        if scope["method"] not in {"GET", "HEAD"}:
            origin = headers.get("origin")
            if origin is not None and origin.lower() != f"http://{host}":
                return problem(403, f"requests from {origin[:80]!r} are not answered")
            kind = headers.get("content-type", "").partition(";")[0].strip()
            if kind != "application/json":
                return problem(415, "send application/json")
        return self._without_token(scope, headers)

    def _elsewhere(self, host: str) -> bool:
        """Whether a name that is not known may be right: the server listens to the network."""
        settings = self.settings
        return (
            settings.everywhere
            and settings.token is not None
            and (host.endswith(f":{settings.port}"))
        )

    def _without_token(
        self, scope: Scope, headers: Headers
    ) -> JSONResponse | RedirectResponse | None:
        token = self.settings.token
        if token is None:
            return None
        from urllib.parse import parse_qs

        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        given = query.get("token", [""])[0]
        if given and _same(given, token):
            answer = RedirectResponse(scope["path"] if scope["path"].startswith("/") else "/", 303)
            answer.set_cookie(COOKIE, token, httponly=True, samesite="strict")
            return answer
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        cookies = dict(
            part.strip().partition("=")[::2] for part in headers.get("cookie", "").split(";")
        )
        if _same(bearer, token) or _same(cookies.get(COOKIE, ""), token):
            return None
        return problem(401, "open the address with ?token=... that the server printed")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _limited(receive: Receive) -> Receive:
    """Return a receiver that ends a body longer than was allowed, whatever its header said."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            return {"type": "http.disconnect"}
        return message

    return limited


def _with_headers(send: Send, scope: Scope) -> Send:
    path = scope["path"]
    policy = _REPORT if path.endswith("/report") else _PAGE
    if path.startswith("/figures/"):
        policy = _FIGURE

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = policy
            for name, value in _HEADERS.items():
                headers[name] = value
            if not scope["path"].startswith("/static/"):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sending
