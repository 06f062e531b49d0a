"""How many uploads no job owns yet, how many bytes they may bring, and how many they keep."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from processing.models import ResumableUpload


def count_unfinished() -> int:
    """How many uploads no job and no final owns yet. 1 statement, over those alone."""
    count: int = ResumableUpload.objects.open().count()
    return count


def sum_promised_bytes() -> int:
    """What unfinished uploads of a known length have yet to bring, as far as that is noted.

    1 statement, over the uploads that no job owns.
    """
    return _sum(ResumableUpload.objects.promised(), F("length") - F("offset"))


def sum_kept_bytes() -> int:
    """What those uploads take that no job owns yet, by their whole length where it is known.

    1 statement, as above. What a job owns is an Upload's size.
    """
    return _sum(ResumableUpload.objects.open(), Coalesce("length", "offset"))


def _sum(uploads: QuerySet[Any], expression: Any) -> int:
    total = uploads.order_by().aggregate(total=Sum(expression))["total"]
    return int(total or 0)
