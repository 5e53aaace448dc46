"""A headless Chromium that is told what to do through a pipe: for tests of the page and for its picture.

    python -m bench.chromium PAGE.html PICTURE.png [--dark]

The picture of the README, docs/page.png, is that of

    melodyrnn generate -m songs -n 3 --seed 3 --chords "C | Am | Dm | G7" --chord-track -o takes.html

Debian's package `chromium`, driven by its own protocol (--remote-debugging-pipe): JSON, each message ended by a zero
byte. No driver, no package of Python's. The picture is taken while the second bar plays.

Contents: PROGRAM, Chromium.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--mute-audio",
    "--disable-background-networking", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe", "--window-size=1200,1000", "about:blank",
)  # fmt: skip


class Chromium:
    """One page of a browser; `events` holds all that it has told unasked."""

    def __init__(self, write: int, read: int):
        self._write, self._read = write, read
        self._buffer, self._last = b"", 0
        self._session = ""
        self.events: list[dict[str, Any]] = []

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Chromium]:
        """A browser with a profile of its own, which goes with it."""
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            # The browser reads from 3 and writes to 4: the shell puts our pipes there.
            shell = f'exec "$0" "$@" 3<&{to_read} 4>&{from_write}'
            command = ["bash", "-c", shell, str(PROGRAM), f"--user-data-dir={profile}", *_FLAGS]
            process = subprocess.Popen(
                command, pass_fds=(to_read, from_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            os.close(to_read)
            os.close(from_write)
            try:
                browser = cls(to_write, from_read)
                browser._attach()
                yield browser
            finally:
                process.kill()
                process.wait()
                os.close(to_write)
                os.close(from_read)

    def _attach(self) -> None:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one message and wait for its answer."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if self._session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._last:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._read, 1 << 16)
            if not more:
                raise RuntimeError("the browser has gone")
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def open(self, path: Path) -> None:
        """Load a file and wait until its scripts have run."""
        self.events.clear()
        self.ask("Page.navigate", url=path.as_uri())
        self.until("document.readyState === 'complete' && location.protocol === 'file:'")

    def tell(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, expression: str, *, seconds: float = 20) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.tell(expression):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.02)

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])


def main() -> None:
    """Take the picture of a page."""
    page, picture = (Path(argument) for argument in sys.argv[1:3])
    with Chromium.started() as browser:
        if "--dark" in sys.argv:
            browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        browser.ask("Emulation.setDeviceMetricsOverride", width=1100, height=1000, deviceScaleFactor=1, mobile=False)
        browser.open(page.resolve())
        browser.tell("document.getElementById('play').click()")
        browser.until("document.querySelector('#roll .sounding') && document.getElementById('position').value > 110")
        picture.write_bytes(browser.picture())


if __name__ == "__main__":
    main()
