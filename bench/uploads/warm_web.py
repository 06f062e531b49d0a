"""A web process that has taken an upload, as each measurement finds it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from bench.queue.errors import NotMeasured
from bench.uploads.exchange import exchange
from bench.uploads.request import post_form
from bench.uploads.systems.system import FORM_PATH, System
from bench.web.stage import Stage, Web

#: So much is uploaded before anything is measured: imports and buffers are there then.
WARM_UP_BYTES = 8_000_000
#: Nothing is measured while the disk has less free than this: others work on the machine too.
FREE_BYTES = 8_000_000_000


@contextmanager
def run_warm_web(stage: Stage[System]) -> Iterator[Web]:
    """It does not outlive the block. Raises NotMeasured where the disk is too full."""
    if shutil.disk_usage(stage.place.folder).free < FREE_BYTES:
        raise NotMeasured(f"the disk has less than {FREE_BYTES / 1e9:g} GB free")
    with stage.run_web(upload_once) as web:
        yield web


def upload_once(port: int) -> None:
    exchange(port, [post_form(FORM_PATH, WARM_UP_BYTES)])
