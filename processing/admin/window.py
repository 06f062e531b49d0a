"""What the admin's lists have in common: none counts its table, and most only show it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.admin import ShowFacets
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from processing.admin.paging import BoundedPaginator
from processing.queue.durations import describe_duration

ROWS_PER_PAGE = 50
#: A page shows so much of a text, in characters.
TEXT_MAX_CHARACTERS = 20_000


class BoundedAdmin(ModelAdmin):
    """A list that costs the same however long its table is."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = ROWS_PER_PAGE
    list_max_show_all = ROWS_PER_PAGE


class WindowAdmin(BoundedAdmin):
    """A read-only view."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The purge removes rows, with the files that belong to them."""
        return False


def show_time(moment: datetime | None) -> SafeString | None:
    """To the second, in a form that sorts, on one line."""
    if moment is None:
        return None
    text = f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"
    return show_on_one_line(text)


def show_due(moment: datetime | None) -> SafeString | None:
    """How long until then, such as "in 5 min"; nothing where it is not to come."""
    seconds = 0.0 if moment is None else (moment - timezone.now()).total_seconds()
    if seconds <= 0:
        return None
    text = f"in {describe_duration(seconds)}"
    return show_on_one_line(text)


def show_on_one_line(text: str) -> SafeString:
    """A text that is not broken where its column is narrow."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def show_bytes(size_bytes: int | None) -> str | None:
    """A size such as "1.5 MB"."""
    return None if size_bytes is None else filesizeformat(size_bytes)


def show_text(text: str) -> SafeString | None:
    """A text with its line breaks, cut where it is too long for a page."""
    if not text:
        return None
    more = "\n… (cut here)" if len(text) > TEXT_MAX_CHARACTERS else ""
    return format_html(
        '<pre class="overflow-auto text-xs" style="white-space: pre-wrap">{}{}</pre>',
        text[:TEXT_MAX_CHARACTERS],
        more,
    )


def show_link(url: str, text: str) -> SafeString:
    """A link in the theme's colour."""
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, text
    )
