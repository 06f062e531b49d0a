"""Resumable uploads, below HTTP: their rows, who works on them, and what becomes of them.

Everything here is for the database thread, and short, except `content`, which is for a store
thread. The way of a request with bytes, with the statements that it costs:

    upload = find(...)                          1, NoSuchUpload, UploadExpired
    upload = take(upload.id, holder)            1, None while another holds it: ask_for, wait
    resumed = content.resume(upload, is_lost)      the offset that is true, the digest up to there
    (start_provisional for a checksum)          1
    append to the store, resumed.digest.update
    renew every RENEW_SECONDS                   1 each, says who lost it or is wanted
    (start_provisional with None, when the      1
        checksum was right and the file closed)
    let_go(...)                                 1, or give_up where nothing was changed
    or content.finish, content.catch_up, complete   3, one transaction
"""

from processing.queue.resumable.completion import complete
from processing.queue.resumable.concatenation import concatenate, load_parts
from processing.queue.resumable.creation import create
from processing.queue.resumable.holder import is_dead, make_holder
from processing.queue.resumable.lock import (
    LEASE_SECONDS,
    RENEW_SECONDS,
    Hold,
    ask_for,
    check_is_there,
    give_up,
    let_go,
    renew,
    set_length,
    start_provisional,
    take,
)
from processing.queue.resumable.lookup import find
from processing.queue.resumable.termination import terminate
from processing.queue.resumable.totals import sum_kept_bytes, sum_promised_bytes

__all__ = [
    "LEASE_SECONDS",
    "RENEW_SECONDS",
    "Hold",
    "ask_for",
    "check_is_there",
    "complete",
    "concatenate",
    "create",
    "find",
    "is_dead",
    "let_go",
    "load_parts",
    "make_holder",
    "give_up",
    "renew",
    "set_length",
    "start_provisional",
    "sum_kept_bytes",
    "sum_promised_bytes",
    "take",
    "terminate",
]
