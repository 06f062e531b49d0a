"""Receiving the body of one request into an upload that is held."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from django.conf import settings

from processing.errors import (
    BodyStalled,
    PlimsollError,
    UploadInterrupted,
    UploadLocked,
    UploadTooLarge,
)
from processing.queue.resumable import start_provisional
from processing.queue.resumable.content import Resumed
from processing.uploads.digest import ResumableDigest
from processing.uploads.piece import PieceWriter, Place
from processing.uploads.space import promise_piece
from processing.web.body import RequestBody
from processing.web.database import in_database
from processing.web.submission import count_kept_bytes
from processing.web.tus.checksum import Checksum
from processing.web.tus.hold import Ending, HeldUpload, Progress

ENDINGS: dict[Ending, type[PlimsollError]] = {
    Ending.WANTED: UploadLocked,
    Ending.LOST: UploadLocked,
    Ending.STOPPING: UploadInterrupted,
}


async def receive_piece(
    held: HeldUpload, resumed: Resumed, body: RequestBody, checksum: Checksum | None
) -> int:
    """Append the body to the upload at `resumed.offset`; the offset behind it.

    However it ends early, what came is kept, unless it has a checksum, which is for all of it, or
    goes beyond the upload's end. `held` tells how far it is, then too. Raises what `chunks` does,
    UploadTooLarge, ChecksumMismatch, DiskFull, UploadLocked and UploadInterrupted.
    """
    check_room(held.upload.length, resumed.offset + (body.length or 0))
    place = Place(
        stored_name=held.upload.stored_name,
        offset=resumed.offset,
        is_lost=held.has_run_out,
        is_provisional=checksum is not None,
    )
    async with promise_piece(
        place.offset,
        body.length,
        count_kept_bytes,
        is_provisional=place.is_provisional,
        is_known=held.upload.length is not None,
    ) as promise:
        if checksum is None:
            writer = PieceWriter(place, resumed.digest, promise)
            await _receive(held, resumed, body, writer)
        else:
            writer = PieceWriter(place, resumed.digest, promise, checksum.hash)
            await _receive_checked(held, resumed, body, writer, checksum)
        return writer.offset


def check_room(length: int | None, offset: int) -> None:
    """Raise UploadTooLarge where bytes up to `offset` go beyond the upload's length, or beyond
    UPLOAD_MAX_BYTES while that is not known."""
    most_bytes = settings.UPLOAD_MAX_BYTES if length is None else length
    if offset > most_bytes:
        bound = "UPLOAD_MAX_BYTES" if length is None else "its Upload-Length"
        raise UploadTooLarge(f"The upload would have more than the {most_bytes} bytes of {bound}.")


async def _receive(
    held: HeldUpload, resumed: Resumed, body: RequestBody, writer: PieceWriter
) -> None:
    before = held.tell_progress
    held.tell_progress = partial(_tell_progress, writer, resumed.digest, before())
    try:
        await _read(held, resumed.offset, body, writer)
    except UploadTooLarge:
        await _undo(held, writer)
        held.tell_progress = before
        raise
    except BaseException:
        await (writer.drop() if held.is_lost else writer.close())
        raise
    await writer.close()


async def _receive_checked(
    held: HeldUpload, resumed: Resumed, body: RequestBody, writer: PieceWriter, checksum: Checksum
) -> None:
    if not await in_database(start_provisional, held.upload.pk, held.holder, resumed.offset):
        raise UploadLocked
    held.has_progress = False  # until it is known to be good, or undone, the row says where to go
    try:
        await _read(held, resumed.offset, body, writer)
        checksum.check()
    except BaseException:
        await _undo(held, writer)
        # Of a hold that seems lost nothing is undone, even if nobody has taken it.
        held.has_progress = not held.is_lost
        raise
    await writer.close()
    # Before the file is finished, for then nobody could go back in it.
    if not await in_database(start_provisional, held.upload.pk, held.holder, None):
        raise UploadLocked
    before = held.tell_progress()
    held.tell_progress = partial(_tell_progress, writer, resumed.digest, before)
    held.has_progress = True


def _tell_progress(writer: PieceWriter, digest: ResumableDigest, before: Progress) -> Progress:
    """A digest of bytes that the store could not keep in the end is of no use: others may come."""
    state = digest.export()
    if state is not None and state.offset > writer.offset:
        state = before[1]
    return writer.offset, state


async def _undo(held: HeldUpload, writer: PieceWriter) -> None:
    """Remove what came, unless another may have written behind it."""
    await (writer.drop() if held.is_lost else writer.abandon())


async def _read(held: HeldUpload, offset: int, body: RequestBody, writer: PieceWriter) -> None:
    """Read until the body or our hold ends, whichever is first."""
    reading = asyncio.create_task(_write_chunks(held, offset, body, writer))
    either: set[asyncio.Future[Any]] = {reading, held.ending}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not reading.done():
        reading.cancel()
        await asyncio.wait({reading})
    if reading.cancelled():
        raise ENDINGS[held.ending.result()]
    try:
        reading.result()
    except BodyStalled as error:  # what clients of tus take for an end of their retries is a 4xx
        raise UploadInterrupted(f"{error.detail} {UploadInterrupted.__doc__}") from error


async def _write_chunks(
    held: HeldUpload, offset: int, body: RequestBody, writer: PieceWriter
) -> None:
    async for chunk in body.chunks():
        offset += len(chunk)
        check_room(held.upload.length, offset)
        if held.is_lost:
            raise UploadLocked
        await writer.write(chunk)
    await writer.flush()
