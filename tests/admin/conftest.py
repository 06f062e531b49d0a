"""The admin as its users meet it: signed in, through the real site."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


@pytest.fixture
def operator(admin_user: User) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    """The browser of a member of staff who may look and do no more."""
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client
