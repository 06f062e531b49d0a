"""What follows on the last byte of an upload."""

from __future__ import annotations

from uuid import UUID

from processing.models import ResumableUpload
from processing.queue.resumable import complete, content
from processing.uploads.digest import ResumableDigest
from processing.uploads.store_threads import on_store_thread
from processing.web.database import in_database
from processing.web.tus.hold import HeldUpload


async def finish_if_whole(held: HeldUpload, offset: int, digest: ResumableDigest) -> UUID | None:
    """Finish the file of an upload that has all its bytes; the id of its job.

    None for one that has not, and for a partial one, of which no job is made. May be repeated.
    Raises UploadLocked, NoSuchUpload, DiskFull, OSError.
    """
    upload = held.upload
    if offset != upload.length:
        return None
    await on_store_thread(content.finish, upload)
    if upload.kind == ResumableUpload.Kind.PARTIAL:
        return None
    # In steps, so that the bytes of others get their turn on the thread.
    while not await on_store_thread(content.catch_up, upload, digest, offset):
        pass
    job_id = await in_database(complete, upload, held.holder, digest.hexdigest())
    held.is_settled = True
    return job_id
