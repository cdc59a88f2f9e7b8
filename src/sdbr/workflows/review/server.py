"""The web server of a review: Starlette's routes behind a token, a check of Host and Origin."""

from __future__ import annotations

import ipaddress
import json
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sdbr.config.settings import LOOPBACK
from sdbr.errors import InputProblem, SdbrError
from sdbr.workflows.review.clicks import Review
from sdbr.workflows.review.state import ReviewedKeyframe, Take
from sdbr.workflows.review.status import film_of, status_of, takes_missing

MAX_UPLOAD = 64 * 1024 * 1024
"""Bytes of a picture or a mask; those of any other click are far fewer."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' blob: data:; media-src 'self'; "
    "style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_ELSEWHERE = "Open the address that sdbr printed.\n"

Click = Callable[[Review, Mapping[str, Any], bytes], None]


def app_of(review: Review, token: str, port: int, *, network: bool) -> ASGIApp:
    """The application; everything is below `/token/`. `network` serves other machines as well."""
    routes = [
        Route("/", _file("page.html", "text/html")),
        Route("/page.css", _file("page.css", "text/css")),
        Route("/page.js", _file("page.js", "text/javascript")),
        Route("/state", _on_click(review, lambda *_: None)),
        Route("/source/{number:int}", lambda request: _source(review, request)),
        Route("/picture/{number:int}/{name}", lambda request: _picture(review, request)),
        Route("/mask/{number:int}/{name}", lambda request: _mask_of(review, request)),
        Route("/film/{name}", lambda _: _film(review)),
        *(
            Route(f"/{path}", _on_click(review, click), methods=[method])
            for method, path, click in _CLICKS
        ),
    ]
    app = Starlette(routes=[Mount("/{token}", routes=routes)])
    return _guard(app, token, port, network)


def _guard(app: ASGIApp, token: str, port: int, network: bool) -> ASGIApp:
    """The application for requests that know the token and come from its own page."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        host, first = headers.get("host", ""), scope["path"].split("/")[1]
        known = secrets.compare_digest(first.encode(), token.encode())
        reads = scope["method"] in ("GET", "HEAD")
        own = reads or headers.get("origin") == f"http://{host}"
        answer = app
        if not is_own_host(host, port, network=network) or not own:
            answer = PlainTextResponse("This request is not from the page.\n", 403)
        elif not known:
            answer = PlainTextResponse(_ELSEWHERE, 404)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = MutableHeaders(scope=message)
                more.update(_HEADERS)
                more.setdefault("Cache-Control", "no-store")
            await send(message)

        await answer(scope, receive, with_headers)

    return guarded


def is_own_host(host: str, port: int, *, network: bool) -> bool:
    """Whether a Host header names this machine, and no name that somebody else's DNS points here.

    On a `network` an address is as good, and this machine's name.
    """
    try:
        told = urlsplit(f"//{host}")
        name, their_port = told.hostname or "", told.port or 80
    except ValueError:
        return False
    if their_port != port:
        return False
    if name in LOOPBACK:
        return True
    with suppress(ValueError):
        return network and bool(ipaddress.ip_address(name))
    own = socket.gethostname().lower().removesuffix(".local")
    return network and name.lower().removesuffix(".local") == own


def _file(name: str, kind: str) -> Callable[[Request], Response]:
    def answer(_: Request) -> Response:
        text = _text("sdbr.workflows.review", name)
        # The look is that of the report, and what only this page has.
        before = _text("sdbr.workflows.report", name) if name == "page.css" else ""
        return Response(before + text, media_type=kind)

    return answer


def _text(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")


def _source(review: Review, request: Request) -> Response:
    number = int(request.path_params["number"])
    if number not in review.clip.plan.footage.plan.keyframes:
        return PlainTextResponse(_ELSEWHERE, 404)
    data = review.pictures.shrunk(number, None, "")
    return Response(data, media_type="image/webp", headers=_FOR_EVER)


def _picture(review: Review, request: Request) -> Response:
    number, name = int(request.path_params["number"]), request.path_params["name"]
    try:
        one = review.keyframe(number)
        for take in one.takes:
            if review.pictures.name_of(number, take, one.mask) == name:
                data = review.pictures.shrunk(number, take, one.mask)
                return Response(data, media_type="image/webp", headers=_FOR_EVER)
    except SdbrError as error:
        return PlainTextResponse(f"{error}\n", 404)
    return PlainTextResponse(_ELSEWHERE, 404)


def _mask_of(review: Review, request: Request) -> Response:
    one = review.state.keyframes.get(int(request.path_params["number"]))
    if one is None or not one.mask or one.mask != request.path_params["name"]:
        return PlainTextResponse(_ELSEWHERE, 404)
    return FileResponse(review.pictures.file(one.mask), headers=_FOR_EVER)


def _film(review: Review) -> Response:
    film = film_of(review)
    return FileResponse(film) if film.name else PlainTextResponse(_ELSEWHERE, 404)


def _on_click(review: Review, click: Click) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that does what was clicked, and answers with what the page shows now."""

    def answer(values: Mapping[str, Any], body: bytes) -> Response:
        try:
            click(review, values, body)
        except SdbrError as error:
            return JSONResponse({"error": str(error)}, 409)
        except (ValueError, KeyError, TypeError, ArithmeticError):
            return JSONResponse({"error": "Reload the page: it is of another version."}, 400)
        try:
            with review.lock:
                return JSONResponse(status_of(review))
        except SdbrError as error:
            return JSONResponse({"error": str(error)}, 409)

    async def endpoint(request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_UPLOAD:
                problem = f"The file is larger than {MAX_UPLOAD >> 20} MB. Make it smaller first."
                return JSONResponse({"error": problem}, 413)
        return await run_in_threadpool(answer, request.path_params, bytes(body))

    return endpoint


def _generate(review: Review, _: Mapping[str, Any], body: bytes) -> None:
    """One keyframe with these words, this strength and this seed."""
    told = json.loads(body)
    strength = None if told["strength"] is None else float(told["strength"])
    take = Take(str(told["prompt"]), strength, int(told["seed"]))
    review.generate({int(told["number"]): take}, _usd(told))


def _generate_missing(review: Review, _: Mapping[str, Any], body: bytes) -> None:
    """The keyframes that the page named, as far as they are missing."""
    told = json.loads(body)
    wanted, missing = set(map(int, told["keyframes"])), takes_missing(review)
    takes = {number: take for number, take in missing.items() if number in wanted}
    if takes:
        review.generate(takes, _usd(told))


def _choose(review: Review, _: Mapping[str, Any], body: bytes) -> None:
    told = json.loads(body)
    index = int(told["take"])

    def choose(one: ReviewedKeyframe) -> ReviewedKeyframe:
        return one.choose(one.takes[range(len(one.takes)).index(index)])

    review.change(int(told["number"]), choose)


def _approve(review: Review, _: Mapping[str, Any], body: bytes) -> None:
    told = json.loads(body)
    review.approve([int(number) for number in told["keyframes"]], bool(told["approved"]))


def _own(review: Review, values: Mapping[str, Any], body: bytes) -> None:
    if not body:
        raise InputProblem("The picture is empty. Choose another picture.")
    take = Take(picture=review.pictures.keep_picture(body))
    review.change(int(values["number"]), lambda one: one.choose(take))


def _mask(review: Review, values: Mapping[str, Any], body: bytes) -> None:
    mask = review.pictures.keep_mask(body) if body else ""
    review.change(int(values["number"]), lambda one: replace(one, mask=mask, approved=False))


def _make_film(review: Review, _: Mapping[str, Any], __: bytes) -> None:
    review.make_film()


def _finish(review: Review, _: Mapping[str, Any], __: bytes) -> None:
    review.finish()


def _usd(told: MutableMapping[str, Any]) -> Decimal:
    price = Decimal(str(told["price"]))
    if not price.is_finite():
        raise ValueError("no price")
    return price


_CLICKS: tuple[tuple[str, str, Click], ...] = (
    ("POST", "generate", _generate),
    ("POST", "generate-missing", _generate_missing),
    ("POST", "choose", _choose),
    ("POST", "approve", _approve),
    ("PUT", "own/{number:int}", _own),
    ("PUT", "mask/{number:int}", _mask),
    ("POST", "film", _make_film),
    ("POST", "finish", _finish),
)
