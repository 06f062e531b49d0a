"""Making one upload of several, without moving a byte."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from processing.errors import (
    IllegalState,
    InvalidConcatenation,
    NoSuchUpload,
    UploadExpired,
    UploadLocked,
    UploadUnfinished,
)
from processing.models import ResumableUpload
from processing.queue.resumable.completion import OWNED, enqueue
from processing.uploads.admission import check_file_size
from processing.uploads.joined_stream import JOINED

#: Parts of one upload. Clients send as many at once as they have connections.
MOST_PARTS = 1000


def concatenate(
    part_ids: Sequence[UUID],
    *,
    caller: str,
    operates: bool,
    filename: str,
    media_type: str = "",
    metadata: str = "",
    concatenation: str = "",
    processor: str,
) -> ResumableUpload:
    """Save a final upload of these partial ones, in this order, and its job, all or nothing.

    The same asked for again is the same final. Raises NoSuchUpload, UploadExpired, UploadLocked,
    UploadUnfinished and InvalidConcatenation for a part that will not do, IllegalState when one of
    them belongs to another final, UploadTooLarge when they have more than UPLOAD_MAX_BYTES
    together. What the store has of them is for `content.check_whole` to say, before.
    """
    if not 0 < len(part_ids) <= MOST_PARTS or len(set(part_ids)) < len(part_ids):
        raise InvalidConcatenation
    final = ResumableUpload(
        id=uuid.uuid4(),
        caller=caller,
        kind=ResumableUpload.Kind.FINAL,
        filename=filename,
        media_type=media_type,
        metadata=metadata,
        concatenation=concatenation,
        processor=processor,
        is_open=False,
        stored_name=f"{JOINED}/{uuid.uuid4().hex}",
    )
    with transaction.atomic():
        parts = load_parts(part_ids, caller=caller, operates=operates, for_update=True)
        if any(part.final_id is not None for part in parts):
            return _find_same(parts, final)
        _check_parts(parts)
        _join(parts, final)
    return final


def load_parts(
    part_ids: Sequence[UUID], *, caller: str, operates: bool, for_update: bool = False
) -> list[ResumableUpload]:
    """The parts as they were asked for. Raises NoSuchUpload.

    With `for_update` nobody changes them until the caller's transaction ends.
    """
    visible = ResumableUpload.objects.visible_to(caller, sees_all=operates)
    # In one order for all, so that two who want the same parts do not wait for each other.
    parts = visible.filter(pk__in=part_ids).order_by("pk")
    parts = parts.select_for_update() if for_update else parts
    found: dict[UUID, ResumableUpload] = {part.pk: part for part in parts}
    try:
        return [found[part_id] for part_id in part_ids]
    except KeyError as error:
        raise NoSuchUpload(
            f"There is no such upload, or it is not yours: {error.args[0]}"
        ) from error


def _find_same(parts: Sequence[ResumableUpload], asked: ResumableUpload) -> ResumableUpload:
    """The final that was made of just these parts for the same purpose. Raises IllegalState."""
    final: ResumableUpload | None = parts[0].final
    is_same = (
        final is not None
        and [(part.final_id, part.part_number) for part in parts]
        == [(final.pk, number) for number in range(len(parts))]
        and final.parts.count() == len(parts)
        and _describe(final) == _describe(asked)
    )
    if final is None or not is_same:
        raise IllegalState("A part of this upload belongs to another one already.")
    return final


def _describe(final: ResumableUpload) -> tuple[Any, ...]:
    return final.caller, final.metadata, final.processor


def _check_parts(parts: Sequence[ResumableUpload]) -> None:
    for part in parts:
        if part.kind != ResumableUpload.Kind.PARTIAL:
            raise InvalidConcatenation(f"The upload {part.pk} is not a partial one.")
        if part.has_expired:
            raise UploadExpired(f"The upload {part.pk} was ended, or left alone for too long.")
        if part.holder:  # whose last bytes may be noted and not yet kept, for good if it is dead
            raise UploadLocked(
                f"A request works on the upload {part.pk}; ask for its offset, or try again."
            )
        if part.length is None or part.offset < part.length:
            raise UploadUnfinished(f"The upload {part.pk} has not all of its bytes yet.")


def _join(parts: Sequence[ResumableUpload], final: ResumableUpload) -> None:
    final.length = final.offset = sum(part.length or 0 for part in parts)
    check_file_size(final.length)
    final.job_id = enqueue(final, sha256="")
    final.save(force_insert=True)
    for number, part in enumerate(parts):
        part.final, part.part_number, part.is_open = final, number, False
    ResumableUpload.objects.bulk_update(parts, ["final", "part_number", "is_open"])
    ResumableUpload.objects.filter(final=final).update(**OWNED)
