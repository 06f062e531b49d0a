"""Pages of a table that may be large: nothing here counts all of its rows."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

#: Rows are counted, and can be paged through, up to here; beyond it a filter narrows the list.
COUNT_LIMIT = 10_000


class AtLeast(int):
    """A count that was ended early. It computes as what was counted and reads as what it means."""

    def __str__(self) -> str:
        return f"more than {self - 1:,}"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs alone
    """Looks at COUNT_LIMIT + 1 rows at most to say how many there are."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or AtLeast(COUNT_LIMIT + 1)."""
        rows: Any = self.object_list
        counted: int = rows.order_by()[: COUNT_LIMIT + 1].count()
        return AtLeast(counted) if counted > COUNT_LIMIT else counted
