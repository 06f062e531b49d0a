"""The project's settings for tests: a secret key, and a database in a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("API_ALLOW_ANONYMOUS", "1")

from project.settings import *  # noqa: F403
from project.settings import DATABASES

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because the database thread has a connection of its own.
    folder = Path(tempfile.gettempdir()) / f"plimsoll-tests-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    DATABASES["default"]["TEST"] = {"NAME": str(folder / f"{os.getpid()}.sqlite3")}
else:
    DATABASES["default"]["ENGINE"] = "tests.flushing.postgresql"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
