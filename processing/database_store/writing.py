"""What is done to the rows of a file: each step is one short transaction.

So it is on disk, or it did not happen, and other writers get their turn in between.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from processing.database_store.chunk_bytes import insert_chunk
from processing.database_store.full_disk import raising_disk_full
from processing.models import DatabaseChunk, DatabaseFile

#: Chunks of 256 KiB that are removed at once. A step should be over in milliseconds.
BATCH_CHUNKS = 32


def make_file(name: str) -> None:
    """Make an empty unfinished file. Raises FileExistsError, DiskFull, django.db.Error."""
    try:
        with raising_disk_full(), transaction.atomic():
            DatabaseFile.objects.create(name=name)
    except IntegrityError as error:
        raise FileExistsError(f"There is a stored file {name} already.") from error


def take_over(name: str, offset: int) -> DatabaseFile:
    """Become the one writer of an unfinished file, and cut it to `offset` bytes.

    Raises FileNotFoundError; OSError where it is finished or shorter.
    """
    with raising_disk_full(), transaction.atomic():
        file = DatabaseFile.objects.select_for_update().filter(name=name).first()
        if file is None:
            raise FileNotFoundError(f"There is no stored file {name}.")
        if file.is_finished or file.size_bytes < offset:
            state = "finished" if file.is_finished else "unfinished"
            raise OSError(f"{name} is {state} and has {file.size_bytes} bytes; asked for {offset}.")
        if file.size_bytes > offset:
            _shorten_chunk(file, offset)
        file.writer += 1
        file.size_bytes = offset
        file.save(update_fields=["writer", "size_bytes"])
    return file


def add_chunk(file: DatabaseFile, data: bytes) -> None:
    """Write the next bytes of the file. Raises DiskFull, django.db.Error; OSError where another
    writer has taken over."""
    end = file.size_bytes + len(data)
    with raising_disk_full(), transaction.atomic():
        _touch(file, end)
        insert_chunk(file.pk, file.size_bytes, data)
    file.size_bytes = end


def cut(file: DatabaseFile, size_bytes: int) -> None:
    """Forget what is behind `size_bytes`, a place where a chunk begins. Errors: see add_chunk."""
    with raising_disk_full():
        _touch(file, size_bytes)
    file.size_bytes = size_bytes
    remove_leftovers(file)


def remove_leftovers(file: DatabaseFile) -> None:
    """Remove the chunks behind the file's end, batch by batch. Errors: see add_chunk."""
    while _remove_some(file) == BATCH_CHUNKS:
        pass


def finish_file(name: str, size_bytes: int) -> None:
    """End an unfinished file for good, writers included.

    Raises FileNotFoundError; OSError where it has another size.
    """
    with raising_disk_full():
        files = DatabaseFile.objects.filter(name=name, size_bytes=size_bytes)
        changes = {"writer": F("writer") + 1, "modified_at": timezone.now()}
        if files.update(is_finished=True, **changes):
            return
    kept_bytes = measure_file(name)
    raise OSError(f"{name} has {kept_bytes} bytes, not {size_bytes}.")


def measure_file(name: str) -> int:
    """The bytes that are kept of a file, finished or not. Raises FileNotFoundError."""
    sizes = DatabaseFile.objects.filter(name=name).values_list("size_bytes", flat=True)
    for size_bytes in sizes:
        return size_bytes
    raise FileNotFoundError(f"There is no stored file {name}.")


def delete_batch(name: str) -> bool:
    """Remove the last chunks of a file, and with the first one the file; whether more is left.

    What is left is empty and unfinished, and so does a writer find it.
    """
    emptied = {"is_finished": False, "size_bytes": 0, "writer": F("writer") + 1}
    if not DatabaseFile.objects.filter(name=name).update(**emptied):
        return False
    for file in DatabaseFile.objects.filter(name=name):
        if _delete_some(file.chunks.all()) == BATCH_CHUNKS:
            return True
        file.delete()
    return False


def _touch(file: DatabaseFile, size_bytes: int) -> None:
    """Give the file another size, as long as we are its writer."""
    ours = DatabaseFile.objects.filter(pk=file.pk, writer=file.writer)
    if not ours.update(size_bytes=size_bytes, modified_at=timezone.now()):
        raise OSError(f"{file.name} has another writer now, or is gone.")


def _remove_some(file: DatabaseFile) -> int:
    with raising_disk_full(), transaction.atomic():
        _touch(file, file.size_bytes)
        return _delete_some(file.chunks.filter(start__gte=file.size_bytes))


def _delete_some(chunks: QuerySet[DatabaseChunk]) -> int:
    """Delete a batch of these chunks, from the end of the file; returns how many."""
    keys = list(chunks.order_by("-start").values_list("pk", flat=True)[:BATCH_CHUNKS])
    DatabaseChunk.objects.filter(pk__in=keys).delete()
    return len(keys)


def _shorten_chunk(file: DatabaseFile, offset: int) -> None:
    before = file.chunks.filter(start__lt=offset).annotate(length=Length("data"))
    chunk = before.defer("data").order_by("-start").first()
    if chunk is not None and chunk.start + chunk.length > offset:
        chunk.data = bytes(chunk.data)[: offset - chunk.start]
        chunk.save(update_fields=["data"])
