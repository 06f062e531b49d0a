"""How short the short sleeps are."""

from __future__ import annotations

import pytest

from processing.queue.cluster.cadence import choose_short_poll


@pytest.mark.parametrize(
    ("idle_seconds", "sleep_seconds"),
    [(0, 0.002), (0.02, 0.002), (0.1, 0.01), (0.2, 0.02), (3600, 0.02)],
)
def test_a_sleep_grows_from_2_to_20_ms(idle_seconds: float, sleep_seconds: float) -> None:
    assert choose_short_poll(idle_seconds) == pytest.approx(sleep_seconds)
