"""The bytes of a resumable upload in the store. This blocks: it is for a store thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from processing.errors import UploadLocked, UploadUnfinished
from processing.models import ResumableUpload
from processing.uploads.digest import DigestState, ResumableDigest
from processing.uploads.disk import CHUNK_BYTES
from processing.uploads.store import get_store, open_stored

#: One call reads so much of a file that was not hashed as it came: a fraction of a second.
CATCH_UP_STEP_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """Where an upload goes on."""

    offset: int

    digest: ResumableDigest
    """Of the first bytes. Its own offset may be behind: see `catch_up`."""


def measure(upload: ResumableUpload) -> int:
    """How many bytes of it are kept and good. Raises FileNotFoundError."""
    kept_bytes = get_store().measure(upload.stored_name)
    if upload.provisional_from is None:
        return kept_bytes
    return min(kept_bytes, upload.provisional_from)


def resume(upload: ResumableUpload, is_lost: Callable[[], bool]) -> Resumed:
    """What its holder goes on from; what is not known to be good is removed.

    Raises DiskFull, OSError, FileNotFoundError, and UploadLocked where that is to be done and
    another may write by now: `is_lost` tells. Where `provisional_from` was set, it is to be
    cleared (`start_provisional` with None) before anything else is written.
    """
    offset = measure(upload)
    if upload.provisional_from is not None:
        store = get_store()
        with store.lock(upload.stored_name):
            if is_lost():
                raise UploadLocked
            offset = store.append(upload.stored_name, offset, is_provisional=False).close()
    return Resumed(offset=offset, digest=_resume_digest(upload, offset))


def finish(upload: ResumableUpload) -> None:
    """Make a finished file of one that has all its bytes. May be repeated.

    All of them are to be known to be good, in the row too (`start_provisional` with None): nobody
    can go back in a finished file.
    """
    assert upload.length is not None, "who has all bytes knows how many they are"
    get_store().finish(upload.stored_name, upload.length)


def check_whole(upload: ResumableUpload) -> None:
    """Raise UploadUnfinished unless the store has the finished file of a part, whatever its row
    says: nobody goes on with it once it is joined."""
    kept_bytes = 0
    with suppress(FileNotFoundError):
        kept_bytes = get_store().size(upload.stored_name)
    if kept_bytes != upload.length:
        raise UploadUnfinished(
            f"The store has not all bytes of the upload {upload.pk}; ask for its offset."
        )


def catch_up(upload: ResumableUpload, digest: ResumableDigest, offset: int) -> bool:
    """Read on from where `digest` is, CATCH_UP_STEP_BYTES at most; whether it is at `offset` now.

    Raises FileNotFoundError where an unfinished file cannot be read, OSError where there are fewer
    bytes.
    """
    if digest.offset >= offset:
        return True
    step_end = min(offset, digest.offset + CATCH_UP_STEP_BYTES)
    with open_stored(upload.stored_name) as file:
        file.seek(digest.offset)
        while digest.offset < step_end:
            block = file.read(min(CHUNK_BYTES, step_end - digest.offset))
            if not block:
                raise OSError(f"{upload.stored_name} ends at {digest.offset}, before {offset}.")
            digest.update(block, digest.offset)
    return digest.offset == offset


def _resume_digest(upload: ResumableUpload, offset: int) -> ResumableDigest:
    """The digest up to `offset`, or as far as that is cheap; the rest is read when all is there."""
    state = None
    if upload.digest_state is not None and upload.digest_offset <= offset:
        state = DigestState(bytes(upload.digest_state), upload.digest_offset)
    digest = ResumableDigest.from_state(state)
    is_near = offset - digest.offset <= CATCH_UP_STEP_BYTES
    if digest.can_export and is_near:
        with suppress(FileNotFoundError):  # of a store that shows a file when it is finished
            catch_up(upload, digest, offset)
    return digest
