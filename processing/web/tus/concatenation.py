"""POST /uploads/ with Upload-Concat: one upload made of several."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from processing.errors import InvalidConcatenation
from processing.models.resumable_upload import Kind
from processing.web.request import ApiRequest
from processing.web.tus.headers import read_header
from processing.web.tus.protocol import UPLOADS_PATH

NAME = "Upload-Concat"
FINAL = "final;"
UPLOAD_PATH = re.compile(rf"{UPLOADS_PATH}([0-9A-Fa-f-]{{32,36}})/?")


def read_kind(request: ApiRequest) -> Kind:
    """What Upload-Concat makes of the new upload. Raises InvalidConcatenation."""
    header = read_header(request, NAME)
    if header is None:
        return Kind.SINGLE
    if header == "partial":
        return Kind.PARTIAL
    if header.startswith(FINAL):
        return Kind.FINAL
    raise InvalidConcatenation(f"{NAME} must be 'partial', or 'final;' and the URLs of the parts.")


def read_parts(request: ApiRequest) -> list[UUID]:
    """The uploads that a final consists of, by URLs of ours. Raises InvalidConcatenation.

    The server's bound on the length of a header bounds their number.
    """
    header = read_header(request, NAME) or ""
    return [_read_part(request, url) for url in header.removeprefix(FINAL).split()]


def _read_part(request: ApiRequest, url: str) -> UUID:
    try:
        target = urlsplit(urljoin(f"{request.scheme}://{request.get_host()}{UPLOADS_PATH}", url))
        domain, _ = split_domain_port(target.netloc)
        found = UPLOAD_PATH.fullmatch(target.path)
        if found and validate_host(domain, settings.ALLOWED_HOSTS):
            return UUID(found[1])
    except ValueError:  # such as http://[
        pass
    raise InvalidConcatenation(f"{url[:200]!r} is not the URL of an upload of this service.")
