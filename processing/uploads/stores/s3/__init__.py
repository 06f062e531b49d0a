"""The store that is a bucket of S3, or of a service that speaks like it. Loads boto3."""

from processing.uploads.stores.s3.storage import S3UploadStorage

__all__ = ["S3UploadStorage"]
