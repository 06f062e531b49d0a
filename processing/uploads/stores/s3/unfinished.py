"""A file that is written bit by bit: a multipart upload at its key, and a marker beside it."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import replace

from processing.uploads.stores.s3.bucket import Bucket
from processing.uploads.stores.s3.gathering import Gathering
from processing.uploads.stores.s3.kept import Kept, Part
from processing.uploads.stores.s3.marker import MARKER_SUFFIX, Marker, Span
from processing.uploads.stores.s3.reader import READ_BYTES, open_object


class UnfinishedFile:
    """An unfinished file by the key of the finished one. Errors are those of Bucket.

    The marker knows the id of the multipart upload: a request that was sent twice can have made
    two of them, and to look at an object costs less than to list.
    """

    def __init__(self, bucket: Bucket, key: str) -> None:
        self.bucket = bucket
        self.key = key
        self._seen: dict[str, str] = {}

    def begin(self) -> None:
        """Make an empty one. Raises FileExistsError where the name is taken."""
        if self._is_begun():
            raise FileExistsError(f"{self.key} exists already, unfinished.")
        upload_id = self.bucket.call("create_multipart_upload", Key=self.key)["UploadId"]
        self.put_marker(Marker(upload_id=upload_id, tail=Span(start=0, length=0)))

    def look(self) -> Kept:
        """What is kept. Raises FileNotFoundError where there is no marker or no multipart upload,
        as when the file is finished."""
        marker = self.read_marker()
        pages = self.bucket.iter_pages("list_parts", Key=self.key, UploadId=marker.upload_id)
        parts = [
            Part(entry["PartNumber"], entry["Size"], entry["ETag"])
            for page in pages
            for entry in page.get("Parts", ())
        ]
        taken = {part.number for part in parts} | marker.skipped
        return Kept(
            marker=marker,
            parts=[part for part in parts if part.number not in marker.skipped],
            next_number=max(taken, default=0) + 1,
        )

    def measure(self) -> int:
        """The bytes that are kept, of a finished file too."""
        try:
            return self.look().size_bytes
        except FileNotFoundError:
            size_bytes: int = self.bucket.call("head_object", Key=self.key)["ContentLength"]
            return size_bytes

    def resume(self, offset: int, gathering: Gathering) -> Kept:
        """Forget what is behind `offset`; what the parts do not hold before it is gathered.

        Raises OSError where `offset` can't be gone back to.
        """
        kept = self.look()
        span = kept.find_span(offset)
        tail = Span(start=span.start, length=offset - span.start)
        self._fetch(kept.marker.find_in_body(span), tail.length, gathering)
        if offset == kept.size_bytes:
            return kept
        marker = kept.cut(tail)
        self.put_marker(marker, gathering)
        return replace(kept, marker=marker)

    def finish(self, size_bytes: int) -> None:
        """See UploadStore."""
        try:
            self._put_together(size_bytes)
        except FileNotFoundError:
            # It has been put together before, or now by a request that was sent twice.
            self._require_finished(size_bytes)
        self.remove_marker()

    def read_marker(self) -> Marker:
        """Raises FileNotFoundError where there is none."""
        head = self.bucket.call("head_object", Key=self.key + MARKER_SUFFIX)
        self._seen = {"IfMatch": head["ETag"]}
        return Marker.from_metadata(head["Metadata"], head["ContentLength"])

    def put_marker(self, marker: Marker, gathering: Gathering | None = None) -> None:
        """Replace the marker; its body is the first bytes of what is gathered.

        Raises StoreUnavailable where somebody else has replaced it meanwhile: whoever lost the
        file without noticing must not undo what its new owner has kept.
        """
        slice_ = gathering.open_slice(0, marker.body_bytes) if gathering else nullcontext(b"")
        with slice_ as body:
            answer = self.bucket.call(
                "put_object",
                Key=self.key + MARKER_SUFFIX,
                Body=body,
                Metadata=marker.to_metadata(),
                **self._seen,
            )
        self._seen = {"IfMatch": answer["ETag"]}

    def remove_marker(self) -> None:
        """One that is not there is success."""
        self.bucket.call("delete_object", Key=self.key + MARKER_SUFFIX)

    def send_part(
        self, marker: Marker, number: int, gathering: Gathering, position: int, size_bytes: int
    ) -> None:
        """Make a part of these bytes of what is gathered; one of the same number is replaced."""
        with gathering.open_slice(position, size_bytes) as body:
            self.bucket.call(
                "upload_part",
                Key=self.key,
                UploadId=marker.upload_id,
                PartNumber=number,
                Body=body,
            )

    def remove(self) -> None:
        """Remove every multipart upload at the key, those that no marker knows too, and the rest.

        What is not there is success.
        """
        for page in self.bucket.iter_pages("list_multipart_uploads", Prefix=self.key):
            for upload in page.get("Uploads", ()):
                if upload["Key"] == self.key:
                    self._abort(upload["UploadId"])
        self.bucket.call("delete_object", Key=self.key)
        self.remove_marker()

    def _abort(self, upload_id: str) -> None:
        with suppress(FileNotFoundError):
            self.bucket.call("abort_multipart_upload", Key=self.key, UploadId=upload_id)

    def _is_begun(self) -> bool:
        try:
            self.read_marker()
        except FileNotFoundError:
            return False
        return True

    def _fetch(self, position: int, length: int, gathering: Gathering) -> None:
        """Gather so many bytes of the marker's body."""
        if not length:
            return
        with open_object(self.bucket, self.key + MARKER_SUFFIX) as body:
            body.seek(position)
            while gathering.size_bytes < length:
                block = body.read(min(READ_BYTES, length - gathering.size_bytes))
                if not block:
                    raise OSError(f"The marker of {self.key} has become shorter.")
                gathering.write(block)

    def _put_together(self, size_bytes: int) -> None:
        kept = self.look()
        if kept.size_bytes != size_bytes:
            raise OSError(f"{self.key} has {kept.size_bytes} bytes, not {size_bytes}.")
        if not size_bytes:
            self.bucket.call("put_object", Key=self.key, Body=b"")
            self._abort(kept.marker.upload_id)
            return
        if kept.has_tail and kept.marker.tail.length:
            self._send_tail(kept)
            kept = self.look()
        parts = [{"PartNumber": part.number, "ETag": part.etag} for part in kept.parts]
        self.bucket.call(
            "complete_multipart_upload",
            Key=self.key,
            UploadId=kept.marker.upload_id,
            MultipartUpload={"Parts": parts},
        )

    def _send_tail(self, kept: Kept) -> None:
        tail = kept.marker.tail
        with Gathering() as gathering:
            self._fetch(kept.marker.find_in_body(tail), tail.length, gathering)
            self.send_part(kept.marker, kept.next_number, gathering, 0, tail.length)

    def _require_finished(self, size_bytes: int) -> None:
        found_bytes = self.bucket.call("head_object", Key=self.key)["ContentLength"]
        if found_bytes != size_bytes:
            raise OSError(f"{self.key} has {found_bytes} bytes, not {size_bytes}.")
