"""Finding the upload that a path names, if its caller may see it."""

from __future__ import annotations

from processing.models import ResumableUpload
from processing.queue.resumable import find
from processing.web.database import in_database
from processing.web.request import ApiRequest


async def find_upload(request: ApiRequest, upload_id: str) -> ResumableUpload:
    """The upload with that id. Raises NoSuchUpload and UploadExpired, as `find` does."""
    caller = request.caller
    return await in_database(find, upload_id, caller.name, operates=caller.operates)
