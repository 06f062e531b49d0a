"""Memory in the admin: the samples, and the page that draws them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from processing.admin.memory_chart import OPTIONS, draw_machine
from processing.admin.memory_filters import ActionFilter, TypeFilter
from processing.admin.memory_points import PERIODS, Period, find_points
from processing.admin.window import WindowAdmin, show_bytes, show_on_one_line, show_text, show_time
from processing.models import MemorySample

#: The columns of the table of actions.
HEADERS = ("time", "host", "process", "action", "what was done")


@admin.register(MemorySample)
class MemorySampleAdmin(WindowAdmin):
    """A list of samples, newest first, and the chart behind its button."""

    list_display = ("time", "host", "type", "process", "used", "usage", "quota", "action", "detail")
    list_display_links = ("time",)
    list_filter = (TypeFilter, ActionFilter, "at")
    ordering = ("-at", "-id")
    fields = ("time", "host", "type", "process", "used", "usage", "quota", "action", "sentence")
    actions_list = ("chart",)  # type: ignore[assignment]  # unfold means any tuple

    @action(  # type: ignore[operator]  # not what its annotation says
        description="Chart", icon="area_chart", permissions=["view"]
    )
    def chart(self, request: HttpRequest) -> HttpResponse:
        """The page that draws one of PERIODS; the first one unless `period` names another."""
        chosen = request.GET.get("period")
        period = next((period for period in PERIODS if period.name == chosen), PERIODS[0])
        context = {
            **self.admin_site.each_context(request),
            **_describe_page(period),
            "title": "Memory",
            "opts": self.opts,
        }
        return TemplateResponse(request, "processing/memory.html", context)

    @display(description="time", ordering="at")
    def time(self, sample: MemorySample) -> SafeString | None:
        """When it was taken."""
        return show_time(sample.at)

    @display(description="process")
    def process(self, sample: MemorySample) -> SafeString:
        """Its name and its id."""
        return show_on_one_line(f"{sample.name} ({sample.pid})")

    @display(description="used")
    def used(self, sample: MemorySample) -> str | None:
        """What the process held."""
        return show_bytes(sample.used_bytes)

    @display(description="usage")
    def usage(self, sample: MemorySample) -> str | None:
        """What counted against the quota."""
        return show_bytes(sample.usage_bytes)

    @display(description="quota")
    def quota(self, sample: MemorySample) -> str | None:
        """The quota of its machine."""
        return show_bytes(sample.quota_bytes)

    @display(description="detail")
    def sentence(self, sample: MemorySample) -> SafeString | None:
        """What was done, with the numbers."""
        return show_text(sample.detail)


def _describe_page(period: Period) -> dict[str, Any]:
    points = find_points(period)
    return {
        "period": period,
        "periods": PERIODS,
        "options": OPTIONS,
        "charts": [
            {
                "title": f"{machine.type} on {machine.host}",
                "data": draw_machine(machine, points),
            }
            for machine in points.machines
        ],
        "is_cut": points.is_cut,
        "action_table": {
            "headers": HEADERS,
            "rows": [_make_row(action) for action in points.actions],
        },
    }


def _make_row(action: MemorySample) -> list[Any]:
    short = action.host, f"{action.name} ({action.pid})", action.action
    return [show_time(action.at), *map(show_on_one_line, short), action.detail]
