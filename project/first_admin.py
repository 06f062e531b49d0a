"""Makes the superuser of a new local database. Run as `python -m project.first_admin`."""

from __future__ import annotations

import secrets

import django

django.setup(set_prefix=False)

from django.contrib.auth.models import User  # noqa: E402  (it needs the apps)
from django.db.models import Q  # noqa: E402

NAME = "admin"
#: 12 random bytes: 16 characters to type, 96 bits to guess.
PASSWORD_BYTES = 12


def make_first_admin() -> str | None:
    """Make the superuser `admin` and return its password; None where there is a superuser already.

    The password is kept nowhere but as Django's hash.
    """
    if User.objects.filter(Q(is_superuser=True) | Q(username=NAME)).exists():
        return None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    User.objects.create_superuser(NAME, password=password)
    return password


if __name__ == "__main__":
    made = make_first_admin()
    if made is not None:
        print(f"made the user {NAME} with the password {made} (it is not shown again)")
