"""What is checked before work is taken: that someone can do it, and that there is room."""

from __future__ import annotations

from processing.errors import UnknownProcessor
from processing.models import Job
from processing.processors import Processor, get_processor, known_processors
from processing.queue.bounds import bounds
from processing.web.database import in_database
from processing.web.request import ApiRequest

WHERE_TO = {"json": "POST /process_data", "file": "POST /upload_file"}


def find_processor(request: ApiRequest, *, default: str, accepts: str) -> Processor:
    """The processor that `?processor=` names. Raises UnknownProcessor, which lists the known."""
    processor = get_processor(request.GET.get("processor", default))
    if processor.accepts != accepts:
        known = ", ".join(known.name for known in known_processors() if known.accepts == accepts)
        raise UnknownProcessor(
            f"The processor {processor.name!r} is for {WHERE_TO[processor.accepts]}; "
            f"here there are: {known}."
        )
    return processor


async def is_known_key(caller: str, key: str | None) -> bool:
    """Whether this caller has a job of that Idempotency-Key: it needs no further room."""
    return key is not None and await in_database(Job.objects.with_key(caller, key).exists)


async def check_queue_room(source_bytes: int) -> None:
    """Raise QueueFull when the queue has no room for one more job of that size."""
    if bounds.is_stale:
        await in_database(bounds.recount)
    bounds.check_room(source_bytes)
