"""How much memory a task is expected to take: learnt from what those like it took."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection

from processing.memory.units import MIB

#: Of each kind the newest so many count: what it takes now, not what it once took.
COUNTED_PEAKS = 20
#: With fewer than these nothing is known yet, and a task may take all that its limit lets it.
FEWEST_PEAKS = 5
#: A task is given so much more than what 95 of 100 like it took.
PEAK_MARGIN = 1.25
#: No task is expected to take less: its seat writes to memory that it had shared.
LEAST_EXPECTED_BYTES = 8 * MIB
#: Names that are remembered; of more, those that ran longest ago are forgotten. Plain tasks may
#: have any number of functions.
MOST_NAMES = 1000


def find_p95(peaks: Collection[int]) -> int:
    """The 95th percentile of at least one peak: the nearest rank from above."""
    rank = -(-95 * len(peaks) // 100)
    return sorted(peaks)[rank - 1]


class LearntPeaks:
    """The newest peaks by name: a processor, or the function of a plain task."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, deque[int]] = OrderedDict()
        self._wanted: dict[str, int] = {}

    def learn(self, name: str, peak_bytes: int) -> None:
        """A task of this name has added so much at its peak."""
        if name not in self._known:
            self._known[name] = deque(maxlen=COUNTED_PEAKS)
        self._known[name].append(peak_bytes)
        self._known.move_to_end(name)
        self._wanted.pop(name, None)
        if len(self._known) > MOST_NAMES:
            forgotten, _ = self._known.popitem(last=False)
            self._wanted.pop(forgotten, None)

    def expect(self, name: str, limit_bytes: int) -> int:
        """What a task of this name may take, which is stopped at `limit_bytes`, in bytes."""
        wanted_bytes = self._wanted.get(name)
        if wanted_bytes is None:
            known = self._known.get(name, ())
            if len(known) < FEWEST_PEAKS:
                return limit_bytes
            wanted_bytes = max(LEAST_EXPECTED_BYTES, int(PEAK_MARGIN * find_p95(known)))
            self._wanted[name] = wanted_bytes
        return min(limit_bytes, wanted_bytes)
