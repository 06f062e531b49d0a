"""Heroku's sizes of a machine. https://devcenter.heroku.com/articles/dyno-types"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from processing.memory.plan import Plan
from processing.memory.quota import Quota
from processing.memory.units import GIB, MIB

P = TypeVar("P", bound=Plan)


@dataclass(frozen=True, kw_only=True)
class MachineSize:
    """A size by Heroku's name for it."""

    name: str
    quota_bytes: int


#: From small to large; Basic has the quota of Standard-1X.
MACHINE_SIZES = (
    MachineSize(name="Standard-1X or Basic", quota_bytes=512 * MIB),
    MachineSize(name="Standard-2X", quota_bytes=1 * GIB),
    MachineSize(name="Performance-M", quota_bytes=2560 * MIB),
    MachineSize(name="Performance-L", quota_bytes=14 * GIB),
    MachineSize(name="Performance-L-RAM", quota_bytes=30 * GIB),
    MachineSize(name="Performance-XL", quota_bytes=62 * GIB),
    MachineSize(name="Performance-2XL", quota_bytes=126 * GIB),
)


def find_size(need_bytes: int) -> MachineSize | None:
    """The smallest size with so much memory; None where there is none."""
    return next((size for size in MACHINE_SIZES if size.quota_bytes >= need_bytes), None)


def find_next_size(size: MachineSize) -> MachineSize | None:
    """The size after this one."""
    return next((other for other in MACHINE_SIZES if other.quota_bytes > size.quota_bytes), None)


def plan_on(plan: P, size: MachineSize) -> P:
    """The same plan on a dyno of this size."""
    return replace(plan, quota=make_quota(size.quota_bytes, size.name))


def make_quota(limit_bytes: int, source: str) -> Quota:
    """A quota to try a plan with, not of this machine."""
    return Quota(limit_bytes=limit_bytes, source=source, restart_bytes=limit_bytes)
