#!/usr/bin/env python
"""Django's command line for this project; `python manage.py help` lists what it can do."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Plimsoll cannot start: {error}")


if __name__ == "__main__":
    main()
