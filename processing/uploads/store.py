"""The store: STORAGES["uploads"], where finished uploads and results of jobs are kept.

Names in it are `sources/<2 hex>/<uuid>` for uploads and what the caller says for results. The
functions block; on the event loop call them through on_store_thread.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from django.core.files.base import File
from django.core.files.storage import storages

from processing.errors import DiskFull
from processing.uploads.handler import SpooledFile
from processing.uploads.spool import OUTGOING, PartFile, create_part, raising_disk_full
from processing.uploads.stores.interface import UploadStore
from processing.uploads.walk import StoredEntry

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def get_store() -> UploadStore:
    """The storage that STORAGES["uploads"] describes."""
    return cast(UploadStore, storages["uploads"])


def keep_upload(spooled: SpooledFile) -> str:
    """Move a finished upload into the store and close it; return its name there.

    A rename on the same file system, a copy to another one. Raises DiskFull; on any error nothing
    is left in spool or store.
    """
    with spooled:
        return _save(make_source_name(), spooled)


def make_source_name() -> str:
    """A name in the store that no file has."""
    identity = uuid.uuid4().hex
    return f"sources/{identity[:2]}/{identity}"


def keep_result(path: Path, name: str) -> str:
    """Move a finished file into the store under `name` (like "results/ab/abcdef"), or under one
    like it if that is taken; return the name. Errors are those of keep_upload."""
    with path.open("rb") as file:
        return _save(name, _FileToMove(file, str(path)))


class _FileToMove(File):  # type: ignore[type-arg]  # generic in the stubs alone
    """A file by its path, which a storage may move instead of copying."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def _save(name: str, content: File[bytes]) -> str:
    store = get_store()
    size_bytes = content.size
    saved_name = store.get_available_name(name)
    try:
        with raising_disk_full():
            saved_name = store.save(saved_name, content)
        # Django's copy to another file system takes a short last write for a whole one.
        if store.size(saved_name) != size_bytes:
            raise DiskFull
    except BaseException:
        store.delete(saved_name)
        raise
    return saved_name


def open_stored(name: str) -> BinaryIO:
    """Open a stored file for reading; FileNotFoundError if there is none of that name."""
    return get_store().open_stream(name)


def stored_size(name: str) -> int:
    """The size of a stored file in bytes; FileNotFoundError if there is none of that name."""
    return get_store().size(name)


def remove_stored(name: str) -> None:
    """Remove a stored file; a missing one is success."""
    get_store().delete(name)


def iter_stored() -> Iterator[StoredEntry]:
    """Yield every stored file with its name in the store, in constant memory and no order."""
    return get_store().iter_files()


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A result that was moved into the store."""

    name: str
    """Its name there."""

    size_bytes: int

    sha256: str
    """Its digest, 64 hexadecimal digits."""


class ResultSink(io.RawIOBase):
    """What a worker writes a result to: a binary stream into a temp file, until commit().

    A context manager; without a commit, leaving it removes what was written. The file is made at
    the first write, so a sink that is never used costs nothing. Closing the stream (as a
    TextIOWrapper on it does when it goes) ends the writing and keeps the file.
    """

    def __init__(self) -> None:
        self._part: PartFile | None = None

    def __exit__(self, *exc_info: object) -> None:
        self.close()
        if self._part is not None:
            self._part.close()

    def writable(self) -> bool:
        """Tell the wrapping classes of `io` that this stream can be written."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Append and return the number of bytes, always all of them; DiskFull if there is no
        room."""
        if self.closed:
            raise ValueError("write to closed sink")
        if self._part is None:
            self._part = create_part(OUTGOING)
        return self._part.write(data)

    def commit(self, name: str) -> StoredFile | None:
        """Move what was written into the store, as keep_result does; None if nothing was."""
        self.close()
        if self._part is None:
            return None
        self._part.finish_writing()
        return StoredFile(
            name=keep_result(self._part.path, name),
            size_bytes=self._part.size_bytes,
            sha256=self._part.sha256,
        )
