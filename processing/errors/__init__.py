"""Every error that Plimsoll answers with, in one tree.

    PlimsollError                    never raised itself
    ├── BadRequest                   400 bad_request
    │   ├── InvalidHost              400 invalid_host
    │   ├── InvalidJSON              400 invalid_json
    │   ├── UnknownProcessor         400 unknown_processor
    │   ├── InvalidParameter         400 invalid_parameter
    │   ├── InvalidURL, TooManyURLs  400 invalid_url, too_many_urls
    │   ├── NoFile, BadMultipart     400 no_file, bad_multipart
    │   ├── InvalidUploadLength      400 invalid_upload_length
    │   ├── InvalidConcatenation     400 invalid_concatenation
    │   ├── UploadUnfinished         400 upload_unfinished
    │   ├── InvalidHeader            400 invalid_header
    │   └── UnsupportedAlgorithm     400 unsupported_algorithm
    ├── Unauthorized                 401 unauthorized
    ├── CrossOrigin, FinalUpload     403 cross_origin, final_upload
    ├── NotFound                     404 not_found
    │   ├── NoSuchJob                404 no_such_job
    │   └── NoSuchUpload             404 no_such_upload
    ├── MethodNotAllowed             405 method_not_allowed
    ├── BodyStalled                  408 body_stalled
    ├── IllegalState                 409 illegal_state
    ├── OffsetMismatch               409 offset_mismatch
    ├── ResultExpired, UploadExpired 410 result_expired, upload_expired
    ├── UnsupportedVersion           412 unsupported_version
    ├── BodyTooLarge, UploadTooLarge 413 body_too_large, upload_too_large
    ├── UnsupportedMediaType         415 unsupported_media_type
    ├── RangeNotSatisfiable          416 range_not_satisfiable
    ├── IdempotencyMismatch          422 idempotency_mismatch
    ├── UploadLocked                 423 upload_locked; carries Retry-After
    ├── ChecksumMismatch             460 checksum_mismatch
    ├── InternalError                500 internal_error
    ├── Overloaded                   503, never raised itself; carries Retry-After
    │   ├── QueueFull                503 queue_full
    │   ├── MemoryPressure           503 memory_pressure
    │   ├── DatabaseUnavailable      503 database_unavailable
    │   ├── StoreUnavailable         503 store_unavailable
    │   ├── EventsBusy               503 events_busy
    │   ├── UploadsBusy              503 uploads_busy
    │   └── UploadInterrupted        503 upload_interrupted
    └── DiskFull                     507 disk_full

A class knows its code and HTTP status; its docstring is the message unless a better one is given.
"""

from processing.errors.general import (
    BadRequest,
    BodyStalled,
    BodyTooLarge,
    CrossOrigin,
    DatabaseUnavailable,
    EventsBusy,
    IdempotencyMismatch,
    IllegalState,
    InternalError,
    InvalidHost,
    InvalidJSON,
    InvalidParameter,
    InvalidURL,
    MemoryPressure,
    MethodNotAllowed,
    NoSuchJob,
    NotFound,
    Overloaded,
    PlimsollError,
    QueueFull,
    RangeNotSatisfiable,
    ResultExpired,
    TaskTooLarge,
    TooManyURLs,
    Unauthorized,
    UnknownProcessor,
    UnsupportedMediaType,
)
from processing.errors.uploads import (
    BadMultipart,
    ChecksumMismatch,
    DiskFull,
    FinalUpload,
    InvalidConcatenation,
    InvalidHeader,
    InvalidUploadLength,
    NoFile,
    NoSuchUpload,
    OffsetMismatch,
    StoreUnavailable,
    UnsupportedAlgorithm,
    UnsupportedVersion,
    UploadExpired,
    UploadInterrupted,
    UploadLocked,
    UploadsBusy,
    UploadTooLarge,
    UploadUnfinished,
)

__all__ = [
    "BadMultipart",
    "BadRequest",
    "BodyStalled",
    "BodyTooLarge",
    "ChecksumMismatch",
    "CrossOrigin",
    "DatabaseUnavailable",
    "DiskFull",
    "EventsBusy",
    "FinalUpload",
    "IdempotencyMismatch",
    "IllegalState",
    "InternalError",
    "InvalidConcatenation",
    "InvalidHeader",
    "InvalidHost",
    "InvalidJSON",
    "InvalidParameter",
    "InvalidURL",
    "InvalidUploadLength",
    "MemoryPressure",
    "MethodNotAllowed",
    "NoFile",
    "NoSuchJob",
    "NoSuchUpload",
    "NotFound",
    "OffsetMismatch",
    "Overloaded",
    "PlimsollError",
    "QueueFull",
    "RangeNotSatisfiable",
    "ResultExpired",
    "StoreUnavailable",
    "TaskTooLarge",
    "TooManyURLs",
    "Unauthorized",
    "UnknownProcessor",
    "UnsupportedAlgorithm",
    "UnsupportedMediaType",
    "UnsupportedVersion",
    "UploadExpired",
    "UploadInterrupted",
    "UploadLocked",
    "UploadTooLarge",
    "UploadUnfinished",
    "UploadsBusy",
]
