"""Which room of processing/ may import which, and who may import the packages behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.layout.sources import Import, Source, find_imports

#: A room may import itself and the rooms of the layers above its own in this list.
LAYERS = [
    {"errors", "backoff", "lasting_connection"},
    {"memory", "processors"},
    {"models", "uploads", "fanout", "dyno"},
    {"database_store"},
    {"queue"},
    {"web", "console", "admin", "management"},
]
#: They put the rooms together.
FREE = {"__init__", "apps", "checks", "urls"}

DEPTH = {room: depth for depth, layer in enumerate(LAYERS) for room in layer}

#: Package: the folder that may import it.
KEEPERS = {
    "django_q": "processing/queue",
    "httpx": "processing/fanout",
    "aiohttp": "processing/fanout",
    "matplotlib": "processing/dyno",
    "boto3": "processing/uploads/stores/s3",
    "botocore": "processing/uploads/stores/s3",
    "s3transfer": "processing/uploads/stores/s3",
    "storages": "processing/uploads/stores/s3",
}
#: What others may import of it all the same.
SHOWN = {"processing/admin": ("django_q.models", "django_q.admin")}


def name_room(parts: tuple[str, ...]) -> str:
    """The room of a file (`processing/queue/claims.py`) or an import, given in parts."""
    return parts[1].removesuffix(".py") if len(parts) > 1 else "__init__"


def find_unknown_rooms(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        room = name_room(source.path.parts)
        if source.is_under("processing") and room not in DEPTH | dict.fromkeys(FREE):
            yield (
                f"{source.path}: {room} is no room; put it into one, "
                "or give it a layer in tests/layout/rooms.py"
            )


def find_wrong_arrows(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        room = name_room(source.path.parts)
        if source.is_under("processing") and room in DEPTH:
            for imported in find_imports(source):
                if not is_arrow_allowed(room, imported):
                    yield (
                        f"{imported.line}: {room} may not import {imported.name}; pass the value "
                        f"in, or move the code to a room that may import both"
                    )


def is_arrow_allowed(room: str, imported: Import) -> bool:
    target = name_room(tuple(imported.name.split(".")))
    is_room = imported.is_of("processing") and not target.startswith("__")
    if not is_room or target == room:
        return True
    return target in DEPTH and DEPTH[target] < DEPTH[room]


def find_strangers(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if source.is_under("processing") or source.is_under("project"):
            for imported in find_imports(source):
                keeper = KEEPERS.get(imported.name.split(".")[0])
                if keeper and not source.is_under(keeper) and not is_shown(source, imported):
                    yield (
                        f"{imported.line}: only {keeper}/ imports {imported.name}; "
                        "ask that room for what you need"
                    )


def is_shown(source: Source, imported: Import) -> bool:
    return any(
        imported.is_of(name)
        for folder, names in SHOWN.items()
        if source.is_under(folder)
        for name in names
    )
