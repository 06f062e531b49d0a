"""django-q2's schedules in the admin: real configuration, so they can be edited."""

from __future__ import annotations

from typing import Any

import django_q.admin
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django_q.models import Schedule
from unfold.decorators import display

from processing.admin.window import BoundedAdmin, show_due
from processing.queue.schedules import DEFAULT_SCHEDULES

#: The id that ties the list of suggestions to the field.
SUGGESTIONS = "functions-to-schedule"

admin.site.unregister(Schedule)


@admin.register(Schedule)
class ScheduleAdmin(BoundedAdmin, django_q.admin.ScheduleAdmin):  # type: ignore[misc]
    """django-q2's page in our theme; its last run comes with the list's one query."""

    list_display = (
        "name",
        "func",
        "schedule_type",
        "next_run",
        "due_in",
        "get_last_run",
        "get_success",
    )
    list_display_links = ("name", "func")
    list_filter = ("schedule_type",)

    @display(description="due")
    def due_in(self, schedule: Schedule) -> SafeString | None:
        """How long until its next run."""
        return show_due(schedule.next_run)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer our own functions where one is to be named."""
        formfield: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "func" and formfield is not None:
            formfield.widget.attrs["list"] = SUGGESTIONS
            formfield.help_text = _list_functions()
        return formfield


def _list_functions() -> str:
    functions = sorted(DEFAULT_SCHEDULES.values())
    options = format_html_join("", '<option value="{}">', ((name,) for name in functions))
    return format_html(
        'A dotted path such as {}<datalist id="{}">{}</datalist>',
        " or ".join(functions),
        SUGGESTIONS,
        options,
    )
