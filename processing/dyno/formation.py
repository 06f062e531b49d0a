"""Which dynos to run: `web=2 worker=1` and a Procfile, or one command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

#: More processes of a type than this are a slip of the finger on one machine.
MOST_DYNOS = 100
#: What Heroku calls a dyno that was started to run one command, and the type of Procfile command
#: that is run at a release alone.
ONE_OFF, RELEASE = "run", "release"


class BadFormation(ValueError):
    """What was asked for cannot be run; the message says what can."""


class Restart(Enum):
    """After which ends a dyno is started again."""

    ALWAYS = "after every end, as on Heroku"
    KILLED = "after a kill at the threshold"
    NEVER = "after none"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One dyno: its name, such as web.1, its command for a shell, and when that is run again."""

    name: str
    command: str
    restart: Restart = Restart.ALWAYS


def plan_one_off(command: Sequence[str]) -> list[Plan]:
    """The one dyno of `-- CMD …`."""
    return [Plan(name=f"{ONE_OFF}.1", command=shlex.join(command), restart=Restart.NEVER)]


def plan_formation(words: Sequence[str], commands: Mapping[str, str]) -> list[Plan]:
    """The dynos of `web=2 worker` (one); of every type but release where nothing is asked for.

    Raises BadFormation.
    """
    everything = [name for name in commands if name != RELEASE]
    counts: dict[str, int] = {}
    for word in words or everything:
        name, _, count = word.partition("=")
        if name not in commands:
            known = ", ".join(commands) or "nothing"
            raise BadFormation(f"{name!r} is not in the Procfile; it has {known}")
        if name in counts:
            raise BadFormation(f"{name!r} is there twice; write {name}=2 for two of them")
        counts[name] = _parse_count(word, count) if "=" in word else 1
    plans = [
        Plan(name=f"{name}.{number}", command=commands[name])
        for name, count in counts.items()
        for number in range(1, count + 1)
    ]
    if not plans:
        raise BadFormation("there is nothing to run; write web=1, or -- and a command")
    return plans


def _parse_count(word: str, count: str) -> int:
    if count.isascii() and count.isdigit() and int(count) <= MOST_DYNOS:
        return int(count)
    raise BadFormation(
        f"{word!r} is no number of dynos; write a whole number up to {MOST_DYNOS}, such as web=2"
    )
