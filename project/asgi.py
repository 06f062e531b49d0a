"""The ASGI application that gunicorn serves."""

from __future__ import annotations

import os
import sys

import django
from django.core.checks import ERROR, run_checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)

from processing.uploads.store import get_store  # noqa: E402  (it needs the apps)
from processing.web.door import Door  # noqa: E402


def refuse_on_errors() -> None:
    """Stop the start when a system check finds an error, and say which."""
    errors = [message for message in run_checks() if message.level >= ERROR]
    if errors:
        sys.exit("Plimsoll cannot start:\n" + "\n".join(str(error) for error in errors))


refuse_on_errors()
get_store()  # what it brings along is loaded once, before the processes are forked
application = Door()
