"""Who owns the files in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from processing.models import Job, ResumableUpload, Upload
from processing.queue.result_name import read_job_id


def find_owned(names: list[str]) -> set[str]:
    """Those of the stored files with these names that somebody still wants."""
    return {name for find in OWNERS for name in find(names)}


def _find_sources(names: list[str]) -> Iterable[str]:
    return Upload.objects.filter(stored_name__in=names).values_list("stored_name", flat=True)


def _find_resumable(names: list[str]) -> Iterable[str]:
    resumable = ResumableUpload.objects.filter(stored_name__in=names)
    return resumable.values_list("stored_name", flat=True)


def _find_results(names: list[str]) -> Iterable[str]:
    jobs = [job_id for name in names if (job_id := read_job_id(name))]
    return Job.objects.filter(pk__in=jobs).values_list("result_name", flat=True)


#: Each gives those of some names that are its own; names that are not asked for do no harm.
OWNERS: tuple[Callable[[list[str]], Iterable[str]], ...] = (
    _find_sources,
    _find_resumable,
    _find_results,
)
