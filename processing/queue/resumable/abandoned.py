"""Finishing what a dead web process left behind, for uploads that nobody asks for any more."""

from __future__ import annotations

import logging
from functools import partial
from uuid import UUID

from django.db import InterfaceError, OperationalError

from processing.errors import NoSuchUpload
from processing.models import ResumableUpload
from processing.queue.resumable.completion import complete
from processing.queue.resumable.content import Resumed, catch_up, finish, resume
from processing.queue.resumable.holder import make_holder
from processing.queue.resumable.lock import Hold, give_up, is_lost, let_go, renew, take
from processing.queue.resumable.termination import terminate

logger = logging.getLogger(__name__)

#: Uploads looked at in one run; the next one is a minute later.
MOST_UPLOADS = 1000


def finish_abandoned(*, dry_run: bool = False) -> dict[str, int | bool]:
    """Complete uploads that have all their bytes and no job, and free those of dead holders.

    Returns counts as JSON: {"found", "completed", "dry_run"}. One that fails stays for the next
    run; the log says why.
    """
    found = _find_abandoned()
    completed = 0 if dry_run else sum(map(_finish_one, found))
    return {"found": len(found), "completed": completed, "dry_run": dry_run}


def _find_abandoned() -> list[UUID]:
    uploads = ResumableUpload.objects.order_by()
    ids = [
        *uploads.abandoned().values_list("pk", flat=True)[:MOST_UPLOADS],
        *uploads.whole().free().values_list("pk", flat=True)[:MOST_UPLOADS],
    ]
    return list(dict.fromkeys(ids))[:MOST_UPLOADS]


def _finish_one(upload_id: UUID) -> bool:
    """Whether it has a job now. One that fails is held until the lease is over, and found then."""
    holder = make_holder()
    try:
        upload = take(upload_id, holder)
        return upload is not None and _settle(upload, holder)
    except NoSuchUpload:
        return False
    except (OperationalError, InterfaceError):  # the database is away, for all of them
        raise
    except Exception:
        logger.exception("upload %s cannot be finished now", upload_id)
        return False


def _settle(upload: ResumableUpload, holder: str) -> bool:
    if not upload.is_open:
        give_up(upload.pk, holder)
        return False
    try:
        resumed = resume(upload, partial(is_lost, upload.pk, holder))
    except FileNotFoundError:  # its process died before there was a file
        _give_up_lost(upload, holder)
        return False
    if resumed.offset == upload.length:
        finish(upload)
        if upload.kind == upload.Kind.SINGLE:
            return _complete(upload, holder, resumed)
    let_go(upload.pk, holder, resumed.offset, resumed.digest.export())
    return False


def _give_up_lost(upload: ResumableUpload, holder: str) -> None:
    """What the store has nothing of goes with its time: nobody else removes a whole one."""
    if upload.has_expired:
        terminate(upload, holder)
        logger.warning("upload %s is removed: the store has nothing of it", upload.pk)
    else:
        give_up(upload.pk, holder)


def _complete(upload: ResumableUpload, holder: str, resumed: Resumed) -> bool:
    while not catch_up(upload, resumed.digest, resumed.offset):
        progress = resumed.offset, resumed.digest.export()
        if renew(upload.pk, holder, *progress) is not Hold.OURS:
            let_go(upload.pk, holder, *progress)  # its client is back, and goes on from here
            return False
    job_id = complete(upload, holder, resumed.digest.hexdigest())
    logger.info("upload %s was left behind and is job %s now", upload.pk, job_id)
    return True
