"""The site looks like one: every model that is shown has the theme's admin."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from unfold.admin import ModelAdmin

pytestmark = pytest.mark.django_db


def test_every_model_of_the_site_is_in_the_theme() -> None:
    strangers = [
        model for model, page in admin.site._registry.items() if not isinstance(page, ModelAdmin)
    ]
    assert strangers == []


def test_a_user_can_be_made_and_signs_in(operator: Client) -> None:
    form = {
        "username": "mate",
        "usable_password": "true",
        "password1": "heave-ho-1849",
        "password2": "heave-ho-1849",
    }
    assert operator.post("/admin/auth/user/add/", form).status_code == 302
    user = User.objects.get(username="mate")
    assert operator.get(f"/admin/auth/user/{user.pk}/change/").status_code == 200
    assert Client().login(username="mate", password="heave-ho-1849")


@pytest.mark.parametrize("path", ["", "auth/group/", "auth/group/add/", "password_change/"])
def test_its_pages_are_there(operator: Client, path: str) -> None:
    assert operator.get(f"/admin/{path}").status_code == 200
