"""How much the store keeps and has been promised, by what the database says."""

from __future__ import annotations

import time
from dataclasses import replace

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Coalesce

from processing.errors import UploadsBusy
from processing.models import Job, Upload
from processing.queue.resumable.totals import (
    count_unfinished,
    sum_kept_bytes,
    sum_promised_bytes,
)
from processing.uploads.space import Elsewhere

#: How long a process believes its last count, in seconds: the bounds are soft.
COUNT_LASTS_SECONDS = 1.0
#: And so many times as long as the count took: that is 2 % of the database thread's time.
LASTS_TIMES_ITS_COST = 50


class KeptBytes:
    """The last count of this process, and what it has accepted since."""

    def __init__(self) -> None:
        self.elsewhere = Elsewhere()
        self.unfinished_count = 0
        self._due_at = float("-inf")

    @property
    def is_stale(self) -> bool:
        """Whether the last count is too old to decide by."""
        return time.monotonic() >= self._due_at

    def recount(self) -> None:
        """Ask the database, unless somebody just did."""
        if self.is_stale:
            began_at = time.monotonic()
            self.elsewhere, self.unfinished_count = count_kept(), count_unfinished()
            ended_at = time.monotonic()
            took_seconds = ended_at - began_at
            self._due_at = ended_at + max(COUNT_LASTS_SECONDS, LASTS_TIMES_ITS_COST * took_seconds)

    def check_unfinished(self) -> None:
        """Raise UploadsBusy when one more unfinished upload would pass UPLOAD_MAX_UNFINISHED."""
        if self.unfinished_count >= settings.UPLOAD_MAX_UNFINISHED:
            raise UploadsBusy(
                f"{self.unfinished_count} uploads are unfinished, as many as may be "
                "(UPLOAD_MAX_UNFINISHED)."
            )

    def add_unfinished(self, length: int) -> None:
        """Count an upload that was made just now and has `length` bytes yet to come."""
        self.add(length, promised_bytes=length)
        self.unfinished_count += 1

    def add(self, kept_bytes: int, promised_bytes: int = 0) -> None:
        """Count what was accepted just now; `promised_bytes` of it have yet to come."""
        self.elsewhere = replace(
            self.elsewhere,
            kept_bytes=self.elsewhere.kept_bytes + kept_bytes,
            promised_bytes=self.elsewhere.promised_bytes + promised_bytes,
        )


def count_kept() -> Elsewhere:
    """Uploads, finished or not, and stored results, counted now."""
    uploads = Upload.objects.aggregate(size_bytes=Coalesce(Sum("size_bytes"), 0))
    results = Job.objects.with_stored_result().aggregate(
        size_bytes=Coalesce(Sum("result_bytes"), 0)
    )
    return Elsewhere(
        kept_bytes=uploads["size_bytes"] + results["size_bytes"] + sum_kept_bytes(),
        promised_bytes=sum_promised_bytes(),
    )


kept = KeptBytes()
