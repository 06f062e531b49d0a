"""The Python files of the project, parsed, and what each of them imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: Folders at the top that hold no code of ours: what is built, and what a run leaves.
NOT_OURS = {"var"}


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file: its path from the top of the project, its text and its syntax tree."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    def is_under(self, folder: str) -> bool:
        return self.path.is_relative_to(folder)

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    @property
    def package(self) -> tuple[str, ...]:
        """The package that a relative import starts from."""
        return self.path.parts[:-1]


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported name in full (`processing.queue.claims.claim`) and the line it is on."""

    name: str
    line: str

    def is_of(self, package: str) -> bool:
        return self.name == package or self.name.startswith(package + ".")


def read_sources(root: Path) -> list[Source]:
    """Every Python file under `root`, migrations, hidden folders and NOT_OURS left out."""
    return [
        Source(path=PurePosixPath(path.relative_to(root)), text=text, tree=ast.parse(text))
        for path in sorted(root.rglob("*.py"))
        if is_ours(path.relative_to(root).parts)
        for text in [path.read_text()]
    ]


def is_ours(parts: tuple[str, ...]) -> bool:
    hidden = any(part.startswith(".") for part in parts)
    return not hidden and parts[0] not in NOT_OURS and "migrations" not in parts


def find_imports(source: Source) -> Iterator[Import]:
    """Every import in the file, wherever in it, those for type checkers too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name=alias.name, line=source.at(node))
        elif isinstance(node, ast.ImportFrom):
            base = resolve_base(source, node)
            for alias in node.names:
                yield Import(name=f"{base}.{alias.name}", line=source.at(node))


def resolve_base(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    kept = source.package[: len(source.package) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])
