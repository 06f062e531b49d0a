"""What is checked before work is taken: that someone can do it, and that there is room."""

from __future__ import annotations

import re

from processing.errors import InvalidParameter, UnknownProcessor
from processing.models import Job
from processing.processors import Processor, get_processor, known_processors
from processing.queue.bounds import NO_LOAD, QueueLoad, bounds
from processing.queue.kept import kept
from processing.queue.options import JobOptions
from processing.uploads.space import Elsewhere
from processing.web.database import in_database
from processing.web.request import ApiRequest

WHERE_TO = {"json": "POST /process_data", "file": "POST /upload_file"}

#: The longest delay that a request may ask for: until then its body is kept.
DELAY_MOST_SECONDS = 30 * 86_400
SECONDS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")


def find_processor(request: ApiRequest, *, default: str, accepts: str) -> Processor:
    """The processor that `?processor=` names. Raises UnknownProcessor, which lists the known."""
    return choose_processor(request.GET.get("processor", default), accepts=accepts)


def choose_processor(name: str, *, accepts: str) -> Processor:
    """The processor of that name, if it accepts that. Raises UnknownProcessor."""
    processor = get_processor(name)
    if processor.accepts != accepts:
        known = ", ".join(known.name for known in known_processors() if known.accepts == accepts)
        raise UnknownProcessor(
            f"The processor {processor.name!r} is for {WHERE_TO[processor.accepts]}; "
            f"here there are: {known}."
        )
    return processor


def read_options(request: ApiRequest) -> JobOptions:
    """What `?priority=` and `?delay_seconds=` ask for. Raises InvalidParameter."""
    delay = request.GET.get("delay_seconds", "0")
    if not SECONDS.fullmatch(delay) or float(delay) > DELAY_MOST_SECONDS:
        raise InvalidParameter(
            f"delay_seconds is {delay[:100]!r}; use a number of seconds from 0 to "
            f"{DELAY_MOST_SECONDS}, which are 30 days."
        )
    try:
        return JobOptions(priority=request.GET.get("priority"), delay_seconds=float(delay))
    except ValueError as error:
        raise InvalidParameter(f"{error}.") from error


async def is_known_key(caller: str, key: str | None) -> bool:
    """Whether this caller has a job of that Idempotency-Key: it needs no further room."""
    return key is not None and await in_database(Job.objects.with_key(caller, key).exists)


async def check_queue_room(source_bytes: int, admitted: QueueLoad = NO_LOAD) -> None:
    """Raise QueueFull when the queue has no room for one more job of that size."""
    if bounds.is_stale:
        await in_database(bounds.recount)
    bounds.check_room(source_bytes, admitted)


async def check_upload_room(length: int) -> None:
    """Raise UploadsBusy or QueueFull when there is no room for one more upload, which may take its
    time and is a job then. Those before it that are unfinished have their place in the queue."""
    await _count_kept()
    kept.check_unfinished()
    admitted = QueueLoad(
        job_count=kept.unfinished_count, source_bytes=kept.elsewhere.promised_bytes
    )
    await check_queue_room(length, admitted)


async def count_kept_bytes() -> Elsewhere:
    """What the store keeps and has been promised, as of about a second ago."""
    await _count_kept()
    return kept.elsewhere


async def _count_kept() -> None:
    if kept.is_stale:
        await in_database(kept.recount)
