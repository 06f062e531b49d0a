"""The lock of an upload: a lease in its row, on the database's clock.

A holder that was stopped for longer than its lease may find another in its place. What it then says
of the upload is refused, for every statement names the holder that it is of.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from processing.errors import InvalidUploadLength, NoSuchUpload, UploadExpired
from processing.models import ResumableUpload
from processing.queue.resumable.holder import is_dead
from processing.queue.statements import make_statement
from processing.uploads.digest import DigestState

LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0

TAKE = """
UPDATE {resumable} SET holder = %(holder)s, holder_expires_at = {lease_end}, is_wanted = FALSE
WHERE id = %(id)s AND (holder = %(instead_of)s OR holder = '' OR holder_expires_at < {now})
RETURNING *
"""

NO_HOLD: dict[str, Any] = {"holder": "", "holder_expires_at": None, "is_wanted": False}


class Hold(Enum):
    """What a renewal says."""

    OURS = "ours"

    WANTED = "wanted"
    """Still ours, and another waits for it: keep what there is and let go."""

    LOST = "lost"
    """Another has it, a job owns its bytes, or it is gone: write nothing more."""


def take(upload_id: UUID, holder: str) -> ResumableUpload | None:
    """Hold the upload for LEASE_SECONDS; its row as it is now, or None while another holds it.

    What a dead process of this machine held can be had at once. 1 statement; 2 or 3 where it is
    held. Raises NoSuchUpload when it is gone. It may be complete by now (`is_open` tells).
    """
    upload = _take(upload_id, holder, instead_of="")
    if upload is None:
        other = _find_holder(upload_id)
        if is_dead(other):
            upload = _take(upload_id, holder, instead_of=other)
    return upload


def ask_for(upload_id: UUID) -> None:
    """Tell whoever holds the upload that another waits for it. 1 statement."""
    ResumableUpload.objects.filter(pk=upload_id, is_wanted=False).update(is_wanted=True)


def renew(upload_id: UUID, holder: str, offset: int, digest: DigestState | None) -> Hold:
    """Hold it for another LEASE_SECONDS, and note how far it is. 1 statement, 2 unless OURS.

    Of a provisional request `offset` and `digest` are those from before it.
    """
    held = ResumableUpload.objects.held_by(upload_id, holder).open()
    changes = {"holder_expires_at": after(LEASE_SECONDS), **_note(offset, digest)}
    if held.filter(is_wanted=False).update(**changes):
        return Hold.OURS
    return Hold.WANTED if held.update(**changes) else Hold.LOST


def start_provisional(upload_id: UUID, holder: str, offset: int | None) -> bool:
    """Note, before the first byte, that what comes behind `offset` is not known to be good.

    With None: that all there is now is good. Such bytes were found right, and kept, and the file
    may be finished; or they were removed, and others may be written in their place. False when it
    was lost. 1 statement.
    """
    held = ResumableUpload.objects.held_by(upload_id, holder)
    return bool(held.update(provisional_from=offset))


def let_go(upload_id: UUID, holder: str, offset: int, digest: DigestState | None) -> bool:
    """End the hold: what there is up to `offset` is good. False when it was lost. 1 statement.

    A partial upload that has its whole length is to be finished in the store before.
    """
    held = ResumableUpload.objects.held_by(upload_id, holder).open()
    return bool(held.update(**NO_HOLD, **_note(offset, digest), provisional_from=None))


def give_up(upload_id: UUID, holder: str) -> bool:
    """End a hold under which nothing was changed. False when it was lost. 1 statement."""
    return bool(ResumableUpload.objects.held_by(upload_id, holder).update(**NO_HOLD))


def is_lost(upload_id: UUID, holder: str) -> bool:
    """Whether another may have the upload by now, or it is gone. 1 statement."""
    return not ResumableUpload.objects.held_by(upload_id, holder).exists()


def check_is_there(upload_id: UUID) -> None:
    """Raise UploadExpired where the upload was removed, by whoever ended it. 1 statement."""
    if not ResumableUpload.objects.filter(pk=upload_id).exists():
        raise UploadExpired


def set_length(upload_id: UUID, holder: str, length: int) -> bool:
    """Set the length that was deferred, once; the same again is no error. 1 statement.

    False when it was lost. Raises InvalidUploadLength when it has another, or more bytes already.
    """
    held = ResumableUpload.objects.held_by(upload_id, holder)
    settable = held.filter(Q(length__isnull=True) | Q(length=length), offset__lte=length)
    if settable.update(length=length):
        return True
    if held.exists():
        raise InvalidUploadLength
    return False


def _take(upload_id: UUID, holder: str, *, instead_of: str) -> ResumableUpload | None:
    parameters = {
        "id": upload_id.hex,
        "holder": holder,
        "instead_of": instead_of,
        "lease_seconds": LEASE_SECONDS,
    }
    rows = ResumableUpload.objects.raw(make_statement(TAKE, connection.vendor), parameters)
    return next(iter(list(rows)), None)


def _find_holder(upload_id: UUID) -> str:
    holders = ResumableUpload.objects.filter(pk=upload_id).values_list("holder", flat=True)
    holder: str | None = holders.order_by().first()
    if holder is None:
        raise NoSuchUpload
    return holder


def _note(offset: int, digest: DigestState | None) -> dict[str, Any]:
    return {
        "offset": offset,
        "digest_state": None if digest is None else digest.state,
        "digest_offset": 0 if digest is None else digest.offset,
        "expires_at": after(settings.UPLOAD_EXPIRES_SECONDS),
    }


def after(seconds: float) -> Any:
    """The moment so long from now, on the database's clock, for a statement."""
    return Now() + timedelta(seconds=seconds)
