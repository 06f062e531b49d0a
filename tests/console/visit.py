"""One person's visit to the console, and what the page did behind their back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Locator, Page, Request, expect

from tests.service import Service

#: A job is done within this, in milliseconds, on a machine that does other things too.
DONE_MILLISECONDS = 20_000
#: What a browser logs of each refusal and each cut, whatever a page does about it.
REFUSAL = re.compile(
    r"Failed to load resource: (the server responded with a status of [45]\d\d|net::ERR_)"
)


class Visit:
    """A page with its own cookies and storage; `faults` are errors in its console."""

    def __init__(self, page: Page, service: Service) -> None:
        self.page = page
        self.service = service
        self.faults: list[str] = []
        self.refusals: list[str] = []
        self.hosts: set[str] = set()
        self._session: CDPSession | None = None
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", self._note_request)

    @classmethod
    @contextmanager
    def begin(cls, browser: Browser, service: Service) -> Iterator[Visit]:
        """A visit that ends without a fault, and asked no other host."""
        context = browser.new_context(base_url=service.base_url)
        context.set_default_timeout(DONE_MILLISECONDS)
        visit = cls(context.new_page(), service)
        try:
            yield visit
            assert visit.faults == []
            assert visit.hosts == {urlsplit(service.base_url).netloc}
        finally:
            context.close()

    def choose(self, *files: Path, processor: str = "sha256") -> None:
        self.page.get_by_label("Process with").select_option(processor)
        self.page.get_by_label("Choose files").set_input_files([str(file) for file in files])

    def card(self, name: str) -> Locator:
        return self.page.get_by_role("listitem").filter(has=self.page.get_by_text(name, exact=True))

    def expect_state(self, name: str, state: str) -> None:
        expect(self.card(name)).to_have_attribute("data-state", state, timeout=DONE_MILLISECONDS)

    def slow_down(self, bytes_per_second: int) -> None:
        """Bound what the page sends from now on; 0 for no bound."""
        self._set_network(uploadThroughput=bytes_per_second or -1)

    def cut_off(self) -> None:
        """Let nothing through from now on, until `slow_down`."""
        self._set_network(offline=True)

    def _set_network(self, **changes: float) -> None:
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1}
        session = self._session or self.page.context.new_cdp_session(self.page)
        self._session = session
        session.send("Network.enable")
        conditions |= {"uploadThroughput": -1, **changes}
        session.send("Network.emulateNetworkConditions", conditions)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            kept = self.refusals if REFUSAL.match(message.text) else self.faults
            kept.append(f"{message.text} {message.location}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.hosts.add(urlsplit(request.url).netloc)
