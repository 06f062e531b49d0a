"""The filters of the jobs list; their choices are known without a look at the table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ChoicesFieldListFilter, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from processing.models import Job
from processing.models.job_query import JobQuerySet
from processing.models.states import ERROR_CODES, State
from processing.processors import known_processors

#: The choice for jobs that are no processor's.
PLAIN_FUNCTION = "-"


class StateFilter(ChoicesFieldListFilter):
    """By state."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The jobs in the chosen one; an address that somebody made up is Django's to refuse."""
        chosen = self.lookup_val
        if chosen is None or chosen[-1] not in State.values:
            return super().queryset(request, queryset)
        return queryset.in_state(chosen[-1])


class ProcessorFilter(SimpleListFilter):
    """By processor."""

    title = "processor"
    parameter_name = "processor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every registered processor, and the tasks that are none."""
        names = [known.name for known in known_processors()]
        return [*((name, name) for name in names), (PLAIN_FUNCTION, "plain functions")]

    def queryset(self, request: HttpRequest, queryset: Any) -> JobQuerySet:
        """The jobs of the chosen one."""
        chosen = self.value()
        jobs: JobQuerySet = queryset
        if chosen is None:
            return jobs
        return jobs.of_processor("" if chosen == PLAIN_FUNCTION else chosen)


class ErrorFilter(SimpleListFilter):
    """By the code of the last error."""

    title = "error"
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The codes that a job's error may have."""
        return [(code, code) for code in ERROR_CODES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        """The jobs with the chosen one."""
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(error_code=chosen)
