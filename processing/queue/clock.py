"""The database's clock in SQL: it decides, because the clocks of two machines differ.

The texts go into statements that are executed with parameters, so that a percent sign is doubled.
Both count from the start of their statement, where `LATER` is given 0 they are the same.
"""

from __future__ import annotations

from collections.abc import Mapping

#: The moment now, by vendor. SQLite's has milliseconds, in the form in which Django stores times.
NOW: Mapping[str, str] = {
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
    "postgresql": "STATEMENT_TIMESTAMP()",
}
#: The moment so many seconds from now, by vendor: one parameter, a float that may be negative.
LATER: Mapping[str, str] = {
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now', PRINTF('%%+.3f seconds', %s))",
    "postgresql": "(STATEMENT_TIMESTAMP() + %s * INTERVAL '1 second')",
}
