"""GET /: where a browser starts."""

from __future__ import annotations

from django.http import HttpResponseRedirect

from processing.web.endpoint import endpoint
from processing.web.request import ApiRequest


@endpoint("GET")
async def show_front_page(request: ApiRequest) -> HttpResponseRedirect:
    """302 to the admin, which asks for a login where there is none."""
    return HttpResponseRedirect("/admin/")
