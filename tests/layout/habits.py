"""What one file may be and do: its length, its name, its output, its eye on the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tests.layout.sources import Source, find_imports

MOST_LINES = 250
VAGUE_NAMES = {"utils", "util", "helpers", "common", "services", "misc", "manager", "managers"}

ENVIRONMENT_READERS = {"project/settings.py", "project/environment.py", "project/local.py"}
SETTINGS_MODULE = "DJANGO_SETTINGS_MODULE"
SETTINGS_MODULE_SETTERS = {"manage.py", "project/asgi.py"}


def find_long_files(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        count = len(source.text.splitlines())
        if count > MOST_LINES:
            yield f"{source.path}: {count} lines, {MOST_LINES} at most; split it by idea"


def find_vague_names(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for part in source.path.parts:
            if part.removesuffix(".py") in VAGUE_NAMES:
                yield f"{source.path}: {part} says nothing; name it after the concept it holds"


def find_prints(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if source.is_under("processing") and not source.is_under("processing/management/commands"):
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Call) and is_name(node.func, "print"):
                    yield f"{source.at(node)}: print() is for commands; log it or return it"


def find_environment_readers(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        path = str(source.path)
        is_product = source.is_under("processing") or source.is_under("project")
        if (is_product or path == "manage.py") and path not in ENVIRONMENT_READERS:
            for line in find_readings(source):
                yield f"{line}: only project/settings.py reads the environment; use django.conf"


def find_readings(source: Source) -> Iterator[str]:
    """Uses of os.environ, os.getenv and environs; the settings module may be set where it must."""
    for imported in find_imports(source):
        if imported.name in {"os.environ", "os.getenv"} or imported.is_of("environs"):
            yield imported.line
    allowed: set[ast.AST] = set()
    for node in ast.walk(source.tree):
        if is_settings_module_default(node) and str(source.path) in SETTINGS_MODULE_SETTERS:
            allowed.update(ast.walk(node))
        elif is_environment(node) and node not in allowed:
            yield source.at(node)


def is_environment(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and is_name(node.value, "os")
        and node.attr in {"environ", "environb", "getenv", "getenvb"}
    )


def is_settings_module_default(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "os.environ.setdefault"
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == SETTINGS_MODULE
    )


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
