"""Real input: large files, and what independent tools make of them."""

from __future__ import annotations

import csv
import random
import subprocess
import sysconfig
import tarfile
from pathlib import Path

MIB = 1024 * 1024


def make_text(path: Path, size_bytes: int) -> Path:
    """A file of mixed letters, its lines all different."""
    source = random.Random(1)
    block = "".join(source.choices("abcXYZ éß,.\n0189", k=MIB // 2)).encode()
    with path.open("wb") as file:
        for number in range(size_bytes // len(block) + 1):
            file.write(b"%08d" % number + block)
        file.truncate(size_bytes)
    return path


def make_standard_library(path: Path) -> Path:
    """The standard library of this interpreter as one tar, without what pip
    installed and Python compiled."""

    def choose(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if {"site-packages", "__pycache__"} & {*member.name.split("/")} else member

    with tarfile.open(path, "w") as archive:
        archive.add(sysconfig.get_path("stdlib"), arcname="lib", filter=choose)
    return path


def make_table(path: Path, row_count: int) -> dict[str, list[str]]:
    """A CSV with whole numbers, fractions with gaps, and words; returns its columns."""
    source = random.Random(2)
    columns = {
        "id": [str(number) for number in range(row_count)],
        "price": [
            "" if source.random() < 0.1 else f"{source.gauss(1e6, 3e5):.3f}"
            for _ in range(row_count)
        ],
        "city": [source.choice(["Bern", "Basel", "Zürich"]) for _ in range(row_count)],
    }
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return columns


def is_upper_of(result: Path, source: Path) -> bool:
    """Whether `tr` makes `result` of `source`."""
    script = 'LC_ALL=C tr a-z A-Z < "$1" | cmp - "$2"'
    return subprocess.run(["sh", "-c", script, "sh", str(source), str(result)]).returncode == 0


def sha256_of(path: Path) -> str:
    """What `sha256sum` says."""
    done = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True)
    return done.stdout.split()[0].removeprefix("\\")
