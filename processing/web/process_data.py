"""POST /process_data: take a JSON value and queue a processor to work on it."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpResponse

from processing.errors import BadRequest, UnsupportedMediaType
from processing.memory.budget import JSON_BODY_COPIES
from processing.queue.submit import submit_json
from processing.web.answers import answer_accepted
from processing.web.budgets import post_budget
from processing.web.database import in_database
from processing.web.endpoint import endpoint
from processing.web.json_text import check_json
from processing.web.memory_watch import watch
from processing.web.request import ApiRequest
from processing.web.submission import check_queue_room, find_processor, is_known_key, read_options


@endpoint("POST")
async def process_data(request: ApiRequest) -> HttpResponse:
    """202 with the job's id; everything that can be refused is refused before the body is read."""
    processor = find_processor(request, default="echo", accepts="json")
    options = read_options(request)
    check_media_type(request.content_type, request.content_params)
    key = read_idempotency_key(request)
    stream = request.body_stream
    stream.check_length(settings.PROCESS_DATA_MAX_BYTES)
    expected_bytes = stream.length or settings.PROCESS_DATA_MAX_BYTES
    if not await is_known_key(request.caller.name, key):
        await watch.check_room()
        await check_queue_room(expected_bytes)
    async with post_budget().hold(expected_bytes * JSON_BODY_COPIES):
        body = await stream.read(settings.PROCESS_DATA_MAX_BYTES)
        check_json(body)
        job_id = await in_database(
            submit_json,
            processor,
            body,
            caller=request.caller.name,
            idempotency_key=key,
            options=options,
        )
    return answer_accepted("Task submitted", job_id)


def check_media_type(media_type: str | None, parameters: Mapping[str, str] | None) -> None:
    """Raise UnsupportedMediaType unless it is JSON (application/json, …+json) in UTF-8."""
    media_type = (media_type or "").lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaType(
            f"The Content-Type is {media_type[:100]!r}; send application/json."
        )
    if (parameters or {}).get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("JSON is taken in UTF-8 alone.")


def read_idempotency_key(request: ApiRequest) -> str | None:
    """The Idempotency-Key, None without one. Raises BadRequest for one that will not do."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not (0 < len(key) <= 255 and key.isprintable()):
        raise BadRequest("Idempotency-Key must have 1 to 255 printable characters.")
    return key
