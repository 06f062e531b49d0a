"""Which work leaves its process larger each time: leaks, told from what only loads or varies."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from statistics import median

from processing.memory.units import MIB

#: So many runs in a row must each leave their seat larger than it was ever before. A size that only
#: varies is a new record with the nth run of a seat once in n times, so that ten records in a row
#: are chance once in 100,000 runs, even in seats that live for four runs.
RUNS = 10
#: The median of their growths, in bytes; with less it takes a hundred runs to fill a seat.
LEAST_BYTES = MIB
#: A name is not named again within so many seconds.
QUIET_SECONDS = 3600.0
#: Names that are remembered; of more, those that ran longest ago are forgotten.
MOST_NAMES = 500


@dataclass(frozen=True, kw_only=True)
class Leak:
    """`name` grew its seats by `median_bytes` with each of its last `run_count` runs.

    The last of them was in seat `pid`, which was idle with `size_bytes` after it.
    """

    name: str
    run_count: int
    median_bytes: int
    pid: int
    size_bytes: int

    def describe(self) -> str:
        """What is known of it, without the machine's usage."""
        return (
            f"the last {self.run_count} runs of {self.name} each left their seat larger, by "
            f"{self.median_bytes / MIB:.1f} MB at the median; the last one was idle with "
            f"{self.size_bytes // MIB} MB (pid {self.pid})"
        )


@dataclass(kw_only=True)
class _Seat:
    """`ran` is what it began last; `known` are the names that it has run."""

    highest_bytes: int
    ran: str = ""
    is_first_run: bool = True
    known: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class _Growth:
    """The growths of the last runs of a name, in bytes, over what their seats ever had before."""

    last: deque[int] = field(default_factory=lambda: deque(maxlen=RUNS))
    named_at: float = float("-inf")

    @property
    def is_leak(self) -> bool:
        """Whether each of them was one, and by enough."""
        is_steady = len(self.last) == RUNS and min(self.last) > 0
        return is_steady and median(self.last) >= LEAST_BYTES


class Leaks:
    """Told of every task that a seat began; what it was larger by was left by the one before.

    The first run of a name in a seat loads modules, and does not count.
    """

    def __init__(self) -> None:
        self._seats: dict[int, _Seat] = {}
        self._growths: OrderedDict[str, _Growth] = OrderedDict()

    def begin(self, now: float, *, pid: int, name: str, size_bytes: int) -> Leak | None:
        """Seat `pid` began with `name` at this size; the leak that it shows, if it is a new one."""
        seat = self._seats.setdefault(pid, _Seat(highest_bytes=size_bytes))
        leak = self._judge(now, pid, seat, size_bytes)
        seat.highest_bytes = max(seat.highest_bytes, size_bytes)
        seat.ran, seat.is_first_run = name, name not in seat.known
        if len(seat.known) >= MOST_NAMES:
            seat.known.clear()
        seat.known.add(name)
        return leak

    def find_last(self, pid: int) -> str:
        """What seat `pid` began last; empty for one that has begun nothing."""
        seat = self._seats.get(pid)
        return "" if seat is None else seat.ran

    def leave(self, now: float, *, pid: int, size_bytes: int | None) -> Leak | None:
        """A seat has ended, after its last task at this size, as far as that is known.

        What it had freed has gone back to the system then, so that a size which is no larger says
        nothing.
        """
        seat = self._seats.pop(pid, None)
        if seat is None or size_bytes is None or size_bytes <= seat.highest_bytes:
            return None
        return self._judge(now, pid, seat, size_bytes)

    def _judge(self, now: float, pid: int, seat: _Seat, size_bytes: int) -> Leak | None:
        """Count the run that has ended; the leak that it shows, if that is to be named now."""
        if seat.is_first_run:
            return None
        growth = self._growths.setdefault(seat.ran, _Growth())
        self._growths.move_to_end(seat.ran)
        if len(self._growths) > MOST_NAMES:
            self._growths.popitem(last=False)
        growth.last.append(size_bytes - seat.highest_bytes)
        if not growth.is_leak or now < growth.named_at + QUIET_SECONDS:
            return None
        growth.named_at = now
        return Leak(
            name=seat.ran,
            run_count=RUNS,
            median_bytes=int(median(growth.last)),
            pid=pid,
            size_bytes=size_bytes,
        )
