"""The filters of the memory samples; their choices are known without a look at the table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest

from processing.memory.actions import Kind
from processing.memory.processes import COMMANDS
from processing.models.memory_sample_query import MemorySampleQuerySet

#: The choice for every action of whatever kind.
ANY_ACTION = "any"


class TypeFilter(SimpleListFilter):
    """By the type of the Procfile's process."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those that take samples, or may."""
        return [(name, name) for name in COMMANDS]

    def queryset(self, request: HttpRequest, queryset: Any) -> MemorySampleQuerySet:
        """The samples of the chosen one."""
        chosen = self.value()
        samples: MemorySampleQuerySet = queryset
        return samples if chosen is None else samples.filter(type=chosen)


class ActionFilter(SimpleListFilter):
    """By what was done or found."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every kind."""
        return [(ANY_ACTION, "any action"), *((kind.value, kind.value) for kind in Kind)]

    def queryset(self, request: HttpRequest, queryset: Any) -> MemorySampleQuerySet:
        """The chosen actions, by their own index."""
        chosen = self.value()
        samples: MemorySampleQuerySet = queryset
        if chosen is None:
            return samples
        actions = samples.with_action()
        return actions if chosen == ANY_ACTION else actions.filter(action=chosen)
