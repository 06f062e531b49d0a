"""A system, and what it keeps of what it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from bench.web.systems.system import WebSystem

#: Where all of them take a form, and where small posts go while uploads stall.
FORM_PATH, POST_PATH = "/upload_file", "/process_data"


@dataclass(frozen=True, kw_only=True)
class System(WebSystem):
    """All of them take POST FORM_PATH and answer with JSON: {"bytes", "sha256"}."""

    hashes: bool
    """Whether it computes the SHA-256 of what it keeps."""

    keeps: str
    """What it keeps of a form: the "file" in it, the whole "body", or "nothing"."""

    speaks_tus: bool = False
    """Whether a file alone is sent to it as tus says; to others it is sent by PUT."""
