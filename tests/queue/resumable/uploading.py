"""What a web process does to a resumable upload, step by step."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models.functions import Now

from processing.models import ResumableUpload
from processing.queue.resumable import complete, content, let_go, make_holder, take
from processing.queue.resumable.lock import is_lost
from processing.uploads.store import get_store
from tests.factories import make_resumable

DATA = b"0123456789"


def begin_upload(**columns: Any) -> ResumableUpload:
    """A new upload with its empty file."""
    upload = make_resumable(**columns)
    get_store().begin(upload.stored_name)
    return upload


def take_surely(upload: ResumableUpload, holder: str = "") -> ResumableUpload:
    taken = take(upload.pk, holder or make_holder())
    assert taken is not None, "nobody holds it"
    return taken


def append(upload: ResumableUpload, data: bytes) -> int:
    """Write at the end of the file alone; its size."""
    name = upload.stored_name
    if not data:  # it may be finished
        return get_store().measure(name)
    with get_store().lock(name):
        appender = get_store().append(name, get_store().measure(name), is_provisional=False)
        appender.write(data)
        return appender.close()


def resume(upload: ResumableUpload) -> content.Resumed:
    """Where whoever holds it goes on."""
    return content.resume(upload, partial(is_lost, upload.pk, upload.holder))


def receive(upload: ResumableUpload, data: bytes) -> ResumableUpload:
    """One whole request that brings `data`; the row as it is afterwards."""
    taken = take_surely(upload)
    resumed = resume(taken)
    resumed.digest.update(data, resumed.offset)
    offset = append(taken, data)
    if offset == taken.length:
        content.finish(taken)
    if offset == taken.length and taken.kind == ResumableUpload.Kind.SINGLE:
        while not content.catch_up(taken, resumed.digest, offset):
            pass
        complete(taken, taken.holder, resumed.digest.hexdigest())
    else:
        assert let_go(taken.pk, taken.holder, offset, resumed.digest.export())
    taken.refresh_from_db()
    return taken


def make_part(data: bytes, **columns: Any) -> ResumableUpload:
    """A partial upload that has all of its bytes."""
    kind = ResumableUpload.Kind.PARTIAL
    upload = begin_upload(**{"kind": kind, "length": len(data), "processor": "", **columns})
    return receive(upload, data)


def end_lease(upload: ResumableUpload) -> None:
    """Have a holder's lease be over by a second, as if it had been silent for long."""
    past = Now() - timedelta(seconds=1)
    held = ResumableUpload.objects.filter(pk=upload.pk).exclude(holder="")
    assert held.update(holder_expires_at=past)


def expire(upload: ResumableUpload) -> None:
    """Have an upload's time be over by a second."""
    past = Now() - timedelta(seconds=1)
    ResumableUpload.objects.filter(pk=upload.pk).update(expires_at=past)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
