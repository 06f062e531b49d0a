"""What became of one URL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from processing.fanout.bodies import Body
from processing.fanout.charsets import iterate_text, pick_charset
from processing.fanout.failures import FetchFailure


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The outcome of one URL.

    An HTTP answer of any status has `status`, `text` and no `error`; `ok` is 200 <= status < 400,
    after redirects. Without an answer `error` says why, and status, content_type and text are
    None. `body_bytes` counts the body after inflating; `elapsed_ms` includes waiting for a slot.

    The body is kept as the bytes that came: as text it may take four times as much.
    """

    url: str
    ok: bool
    status: int | None
    content_type: str | None
    body: Body | None
    elapsed_ms: float
    error: FetchFailure | None

    @property
    def body_bytes(self) -> int:
        """The length of the body."""
        return self.body.length_bytes if self.body else 0

    @property
    def text(self) -> str | None:
        """The whole body as text, decoded anew each time."""
        return None if self.body is None else "".join(self.iterate_text())

    def iterate_text(self) -> Iterator[str]:
        """The body as text, a slice after the other; nothing where there is no answer."""
        if self.body is None:
            return iter(())
        charset = pick_charset(self.content_type, self.body.beginning)
        return iterate_text(self.body.pieces, charset)
