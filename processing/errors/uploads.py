"""The errors of uploads, in one request or in several."""

from __future__ import annotations

from processing.errors.general import BadRequest, NotFound, Overloaded, PlimsollError


class NoFile(BadRequest):
    """No file uploaded"""

    code = "no_file"


class BadMultipart(BadRequest):
    """The body is not valid multipart/form-data."""

    code = "bad_multipart"


class InvalidUploadLength(BadRequest):
    """The length of the upload makes no sense, or is not the one that it has already."""

    code = "invalid_upload_length"


class InvalidConcatenation(BadRequest):
    """A final upload consists of partial ones, each of them once."""

    code = "invalid_concatenation"


class UploadUnfinished(BadRequest):
    """A partial upload has not all of its bytes yet."""

    code = "upload_unfinished"


class NoSuchUpload(NotFound):
    """There is no such upload, or it is not yours."""

    code = "no_such_upload"


class OffsetMismatch(PlimsollError):
    """The upload does not go on at that offset; HEAD tells where it does."""

    code = "offset_mismatch"
    status = 409


class UploadExpired(PlimsollError):
    """The upload was ended, or was left unfinished for UPLOAD_EXPIRES_SECONDS."""

    code = "upload_expired"
    status = 410


class UploadTooLarge(PlimsollError):
    """The upload is larger than UPLOAD_MAX_BYTES."""

    code = "upload_too_large"
    status = 413


class UploadLocked(PlimsollError):
    """Another request works on this upload; try again in a moment."""

    code = "upload_locked"
    status = 423

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


class UploadsBusy(Overloaded):
    """As many uploads run, or are unfinished, as may at once; try again later."""

    code = "uploads_busy"


class StoreUnavailable(Overloaded):
    """The store of uploads does not answer now; try again later."""

    code = "store_unavailable"


class DiskFull(PlimsollError):
    """There is not enough free disk space to keep this upload."""

    code = "disk_full"
    status = 507


class InvalidHeader(BadRequest):
    """A header of the upload has a value that makes no sense."""

    code = "invalid_header"


class UnsupportedAlgorithm(BadRequest):
    """The checksum is of an algorithm that this service does not know."""

    code = "unsupported_algorithm"


class FinalUpload(PlimsollError):
    """A final upload consists of its parts; nothing can be appended to it."""

    code = "final_upload"
    status = 403


class UnsupportedVersion(PlimsollError):
    """Send Tus-Resumable: 1.0.0; this service speaks no other version of tus."""

    code = "unsupported_version"
    status = 412


class ChecksumMismatch(PlimsollError):
    """The body has not the checksum that was sent with it; nothing of it was kept."""

    code = "checksum_mismatch"
    status = 460


class UploadInterrupted(Overloaded):
    """The request was ended early; ask for the upload's offset and go on from there."""

    code = "upload_interrupted"
    retry_after_seconds = 1
