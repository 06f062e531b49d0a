"""The filters of the jobs list; their choices are known without a look at the table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from processing.models import Job
from processing.models.states import ERROR_CODES
from processing.processors import known_processors

#: The choice for jobs that are no processor's.
PLAIN_FUNCTION = "-"


class ProcessorFilter(SimpleListFilter):
    """By processor."""

    title = "processor"
    parameter_name = "processor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every registered processor, and the tasks that are none."""
        names = [known.name for known in known_processors()]
        return [*((name, name) for name in names), (PLAIN_FUNCTION, "plain functions")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        """The jobs of the chosen one."""
        chosen = self.value()
        if chosen is None:
            return queryset
        return queryset.filter(processor="" if chosen == PLAIN_FUNCTION else chosen)


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
