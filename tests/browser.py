"""Drives a headless Chromium through its DevTools pipe; nothing but the browser is needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1200,900", "--remote-debugging-pipe"),
)


def found() -> str | None:
    """The path of a browser, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page of one browser; `requested` lists the URLs that the page asked for."""

    def __init__(self, program: str) -> None:
        self._folder = tempfile.mkdtemp()
        read, self._out = os.pipe()
        self._in, write = os.pipe()
        command = [program, *FLAGS, f"--user-data-dir={self._folder}", "about:blank"]
        # The browser listens on descriptor 3 and answers on 4.
        script = f'exec "$@" 3<&{read} 4>&{write}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", *command],
            pass_fds=(read, write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read)
        os.close(write)
        self._reading = os.fdopen(self._in, "rb", buffering=0)
        self._held = b""
        self._number = 0
        self._session = ""
        self.requested: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self._call(f"{domain}.enable")

    def open(self, page: Path) -> None:
        """Show a file and wait until its script has run."""
        self.visit(page.resolve().as_uri())

    def visit(self, url: str) -> None:
        """Show the page at a URL and wait until its script has run."""
        self._call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression; what it throws fails the test."""
        told = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, condition: str, told: str = "''") -> None:
        """Wait for a JavaScript condition to hold; `told` says what is wrong after a minute."""
        for _ in range(600):
            if self.run(condition):
                return
            time.sleep(0.1)
        raise AssertionError(f"Never came true: {condition} {self.run(told)}")

    def resize(self, width: int, height: int) -> None:
        """Make the page as wide and high as a screen."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def press(self, key: str) -> None:
        """Press one key and let it go."""
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def screenshot(self) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot")["data"])

    def close(self) -> None:
        """End the browser and forget its profile."""
        self._process.kill()
        self._process.wait()
        self._reading.close()
        os.close(self._out)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("method") == "Network.requestWillBeSent":
                self.requested.append(told["params"]["request"]["url"])
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]

    def _next(self) -> Any:
        while b"\0" not in self._held:
            piece = self._reading.read(1 << 16)
            assert piece, "The browser has ended."
            self._held += piece
        line, _, self._held = self._held.partition(b"\0")
        return json.loads(line)
