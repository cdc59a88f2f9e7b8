"""Open a review of a clip, serve its page until it is finished or interrupted, and close it."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_urlsafe

from filelock import FileLock, Timeout

from sdbr.bedrock.catalog import Catalog, price_of
from sdbr.concurrency import until_interrupted
from sdbr.config.settings import LOOPBACK
from sdbr.console import Console, open_files
from sdbr.errors import Interrupted, OverBudget, UsageProblem
from sdbr.generation.stack import check_access
from sdbr.motion.arrays import limit_threads_and_heaps
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags
from sdbr.workflows.clips.prepare import ClipOrder, for_model
from sdbr.workflows.clips.run import check_result, prepare_source
from sdbr.workflows.clips.source import ClipSource
from sdbr.workflows.progress import Phase, RunProgress
from sdbr.workflows.review.clicks import Review
from sdbr.workflows.run import Setup

_READING = "reading keyframes"
_STARTS = 10.0  # Seconds for the server to answer: it does within a second.


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where the page is served; `browser` says whether it is opened here."""

    host: str
    port: int
    browser: bool


def review_clip(
    source: ClipSource,
    order: ClipOrder,
    flags: tuple[ClipFlags, SteadyFlags],
    setup: Setup,
    catalog: Catalog,
    address: PageAddress,
) -> None:
    """Serve the page of a clip's review until it is finished there.

    Raises Interrupted at Ctrl-C, and SdbrError.
    """
    network = address.host not in LOOPBACK
    listener = _listen(address)
    with listener, _open_review(source, order, flags, setup, catalog) as review:
        port = int(listener.getsockname()[1])
        token = token_urlsafe(24)
        with _serve(review, token, listener, network=network):
            url = f"http://{_own_address(address.host)}:{port}/{token}/"
            Console().say(f"Review: {url}")  # Also with --quiet: nobody else knows it.
            here = f"http://127.0.0.1:{port}/{token}/" if address.host == "0.0.0.0" else url
            if address.browser:
                open_files([here])
            _wait(review, setup.console)


@contextmanager
def _open_review(
    source: ClipSource,
    order: ClipOrder,
    flags: tuple[ClipFlags, SteadyFlags],
    setup: Setup,
    catalog: Catalog,
) -> Iterator[Review]:
    resources = setup.resources
    order, fitted = for_model(order, flags[1], catalog)
    if fitted != flags[1]:
        raise UsageProblem(
            "This model generates every frame, so there are no keyframes to review. Use vid2vid."
        )
    check_result(order, resources)
    resources.workspace.prepare(resources.workspace.hidden / "reviews")
    limit_threads_and_heaps()
    clip = prepare_source((source, order), (), flags, setup, catalog)
    request = clip.plan.requests.opening
    if any(shot.request.model != request.model for shot in clip.plan.requests.shots):
        raise UsageProblem("A review is for one model, but these shots have several. Use vid2vid.")
    price = price_of(request.model, request.size, request.extras)
    if price is None:
        name = request.model.invoke_id
        raise OverBudget(
            f"The price of {name} is unknown, so the page cannot show it. Add the price to "
            f'sdbr.toml: [prices] "{name}" = 0.08'
        )
    check_access(resources, [request.model])
    path = resources.workspace.hidden / "reviews" / f"{clip.plan.folders.fingerprint}.json"
    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageProblem(
            "This review is open in another process. Finish it there, or stop that process."
        ) from None
    try:
        review = Review(clip, flags, setup, price, path)
        progress = RunProgress([Phase(_READING, len(clip.plan.footage.frames))])
        with setup.console.status(progress.line):
            review.pictures.export_sources(partial(progress.step, _READING))
        try:
            yield review
        finally:
            review.close()
    finally:
        lock.release()


def _listen(address: PageAddress) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family, backlog=64)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageProblem(
                f"Port {address.port} is already in use. Choose another --port, or 0 for any "
                "free port."
            ) from None
        why = (error.strerror or str(error)).lower()
        raise UsageProblem(
            f"Cannot listen on --host {address.host}: {why}. Use an address of this machine."
        ) from None


@contextmanager
def _serve(review: Review, token: str, listener: socket.socket, *, network: bool) -> Iterator[None]:
    """Serve the page in a thread of its own during the block."""
    try:
        import uvicorn

        from sdbr.workflows.review.server import app_of
    except ImportError:
        raise UsageProblem(
            "A review needs a web server. Install it: pip install 'sdbr[review]'"
        ) from None
    app = app_of(review, token, int(listener.getsockname()[1]), network=network)
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="critical",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_STARTS)


def _wait(review: Review, console: Console) -> None:
    """Return when the review is finished on its page. Raises Interrupted at Ctrl-C."""

    def tell(line: str) -> None:
        if review.busy or review.filming:
            console.say(line)

    with until_interrupted(review.over, tell) as asked:
        while not review.over.wait(0.5):
            pass
        if asked.is_set():
            review.close()
            raise Interrupted("Stopped. Every click is saved: run the same command to continue.")


def _own_address(host: str) -> str:
    """The address at which others in the network find this machine."""
    if host not in ("0.0.0.0", "::"):
        return f"[{host}]" if ":" in host else host
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # Chooses a route; nothing is sent.
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
