"""What is claimed and in no seat's hands, the next one first."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence

from processing.queue.claims import Claim, Delivery

#: What is claimed ahead and not begun within so many seconds is put back for others.
RELEASE_SECONDS = 1.0
#: Nothing is claimed ahead while so much is ready, in characters of packages.
BULKY_CHARACTERS = 4 * 1024 * 1024


class Ready:
    """Claims to be begun, and those that are to be put back on the queue instead."""

    def __init__(self) -> None:
        self.claims: deque[Claim] = deque()
        self._unwanted: list[Claim] = []
        self._claimed_at = 0.0

    def __len__(self) -> int:
        return len(self.claims)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is here, to be begun or to be put back."""
        return not (self.claims or self._unwanted)

    @property
    def is_bulky(self) -> bool:
        """Whether they take so much memory that no more are to be claimed than can be begun."""
        return sum(len(claim.package) for claim in self.claims) >= BULKY_CHARACTERS

    @property
    def deliveries(self) -> list[Delivery]:
        """Those that may be begun."""
        return [claim.delivery for claim in self.claims]

    def add(self, claims: Iterable[Claim], now: float) -> None:
        """These were claimed just now."""
        self.claims.extend(claims)
        self._claimed_at = now

    def take_in(self, claims: Sequence[Claim]) -> None:
        """These, in their order, come back from a seat that has not begun them."""
        self.claims.extendleft(reversed(claims))

    def put_back(self, claim: Claim) -> None:
        """Begin this one not, which was taken out of here."""
        self._unwanted.append(claim)

    def drop(self, gone: Collection[Delivery]) -> None:
        """Begin none of these."""
        self._unwanted += [claim for claim in self.claims if claim.delivery in gone]
        self.claims = deque(claim for claim in self.claims if claim.delivery not in gone)

    def drop_all(self) -> None:
        """Begin nothing."""
        self._unwanted += self.claims
        self.claims.clear()

    def drop_stale(self, now: float) -> bool:
        """Begin nothing, if nothing was claimed for RELEASE_SECONDS; whether there was anything."""
        is_stale = bool(self.claims) and now >= self._claimed_at + RELEASE_SECONDS
        if is_stale:
            self.drop_all()
        return is_stale

    def take_unwanted(self) -> list[Claim]:
        """What is to be put back; it is not ours any more, whatever comes of that."""
        unwanted, self._unwanted = self._unwanted, []
        return unwanted

    def next_at(self) -> float:
        """When something is to be put back."""
        if self._unwanted:
            return 0.0
        return self._claimed_at + RELEASE_SECONDS if self.claims else float("inf")
