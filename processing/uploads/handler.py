"""Django's upload handler for the spool: one temp file per upload, hashed as it is written."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from processing.uploads.admission import check_file_size
from processing.uploads.filename import clean_filename, clean_media_type
from processing.uploads.spool import INCOMING, PartFile, create_part
from processing.uploads.spool_sweep import sweep_spool_if_due


class SpooledFile(UploadedFile):  # type: ignore[type-arg]  # generic in the stubs alone
    """A complete upload in the spool, open for reading.

    Closing removes the file unless it was moved to the store; use it as a context manager.
    """

    def __init__(
        self, part: PartFile, *, name: str, content_type: str | None, charset: str | None
    ) -> None:
        super().__init__(part.file, name, content_type, part.size_bytes, charset)
        self._part = part
        self.sha256 = part.sha256

    def temporary_file_path(self) -> str:
        """The full path of the file; storages move it from there."""
        return str(self._part.path)

    def close(self) -> None:
        """Close and remove what was not moved; may be called again."""
        self._part.close()


class SpoolUploadHandler(FileUploadHandler):
    """Writes each file to UPLOAD_SPOOL_DIR/incoming; its result is a SpooledFile.

    Raises DiskFull and UploadTooLarge, and then has left no file.
    """

    file: PartFile

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Make an empty temp file for a part of the form."""
        super().new_file(*args, **kwargs)
        sweep_spool_if_due()
        self.file = create_part(INCOMING)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write and hash a chunk; no other handler gets it."""
        try:
            check_file_size(start + len(raw_data))
            self.file.write(raw_data)
        except BaseException:
            self.upload_interrupted()
            raise

    def file_complete(self, file_size: int) -> SpooledFile:
        """Finish the file and hand it over."""
        self.file.finish_writing()
        return SpooledFile(
            self.file,
            name=clean_filename(self.file_name or ""),
            content_type=clean_media_type(self.content_type or ""),
            charset=self.charset,
        )

    def upload_interrupted(self) -> None:
        """Close and remove the file, if there is one, complete or not."""
        if hasattr(self, "file"):
            self.file.close()
