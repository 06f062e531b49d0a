"""Django's admin with unfold's site, and without the memory that it takes where it is not used."""

from __future__ import annotations

from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """The admin's pages are loaded with the URLs (project/urls.py), which the worker never loads.

    That spares each worker about 11 MB: unfold alone brings the forms of PostgreSQL along.
    """

    default_site = "unfold.sites.UnfoldAdminSite"
