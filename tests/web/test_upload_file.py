"""POST /upload_file through the real URL."""

from __future__ import annotations

import hashlib
from uuid import UUID

import httpx
import pytest

from tests.conftest import StartService
from tests.service import Service, wait_for
from tests.web.problem import check_document, check_problem
from tests.web.wire import exchange, send_until_answered, write_head

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
MOST_SENT_BYTES = 16 * 1024 * 1024


@pytest.mark.parametrize("path", ["/upload_file", "/upload_file/"])
def test_a_file_is_taken_and_described(service: Service, client: httpx.Client, path: str) -> None:
    content = b"hello\n" * 100_000
    response = client.post(path, files={"file": ("a.txt", content, "text/plain")})
    assert response.status_code == 202, response.text
    document = response.json()
    job_id, upload_id = str(UUID(document["job_id"])), str(UUID(document["upload_id"]))
    assert document == {
        "message": "File processing initiated",
        "job_id": job_id,
        "status_url": f"/jobs/{job_id}",
        "upload_id": upload_id,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert response.headers["Location"] == f"/jobs/{job_id}"
    assert client.get(f"/jobs/{job_id}").json()["processor"] == "upper"
    stored = [path.read_bytes() for path in service.find_spooled()]
    assert content in stored


def test_an_empty_file_is_a_file(client: httpx.Client) -> None:
    response = client.post("/upload_file", files={"file": ("empty", b"")})
    assert (response.status_code, response.json()["bytes"]) == (202, 0)


def test_the_processor_of_the_query_is_used(client: httpx.Client) -> None:
    response = client.post("/upload_file?processor=sha256", files={"file": b"x"})
    assert client.get(response.json()["status_url"]).json()["processor"] == "sha256"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"data": {"file": "x"}},
        {"files": {"other": b"x"}},
        {"content": b"--b--\r\n", "headers": FORM},
        {"content": PART.replace(b'; filename="a.txt"', b"") + b"x\r\n--b--\r\n", "headers": FORM},
        {"content": PART.replace(b"a.txt", b"") + b"\r\n--b--\r\n", "headers": FORM},
    ],
    ids=["nothing", "plain fields", "another part", "no part", "a field", "no choice"],
)
def test_no_file_is_told_in_the_words_of_the_contract(
    client: httpx.Client, options: dict[str, object]
) -> None:
    response = client.post("/upload_file", **options)  # type: ignore[arg-type]
    assert check_problem(response, 400, "no_file")["detail"] == "No file uploaded"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/json"}, b'{"file": "x"}'),
        ({"Content-Type": "multipart/form-data"}, PART + b"x\r\n--b--\r\n"),
        ({"Content-Type": "multipart/form-data; boundary=other"}, PART + b"x\r\n--b--\r\n"),
        (FORM, PART + b"x"),
        (FORM, PART + b"x\r\n--b\r\n"),
        (FORM, b"junk"),
        (FORM, (PART + b"x\r\n") * 2 + b"--b--\r\n"),
    ],
)
def test_a_broken_form_is_refused_and_leaves_no_file(
    service: Service, client: httpx.Client, headers: dict[str, str], body: bytes
) -> None:
    before = service.find_spooled()
    response = client.post("/upload_file", content=body, headers=headers)
    check_problem(response, 400, "bad_multipart")
    assert service.find_spooled() == before


@pytest.mark.parametrize("name", ["nope", "echo", ""])
def test_an_unknown_processor_is_refused_with_the_known_ones(
    client: httpx.Client, name: str
) -> None:
    response = client.post(f"/upload_file?processor={name}", files={"file": b"x"})
    assert "upper" in check_problem(response, 400, "unknown_processor")["detail"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..", ".", "C:\\x\\y.txt", "ü☃.txt", "a\0b", " "]
)
def test_a_file_name_leads_nowhere(service: Service, client: httpx.Client, name: str) -> None:
    body = PART.replace(b"a.txt", name.encode()) + b"x\r\n--b--\r\n"
    response = client.post("/upload_file", content=body, headers=FORM)
    assert response.status_code == 202
    key = UUID(response.json()["upload_id"]).hex
    [(kept,)] = service.query("SELECT filename FROM processing_upload WHERE id = ?", key)
    assert kept
    assert not set(kept) & {"/", "\\", "\0"}
    assert kept not in {".", ".."}


@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_client_that_leaves_leaves_no_file(service: Service, framing: str) -> None:
    before = service.find_spooled()
    name, value = framing.split(": ")
    head = write_head("POST", "/upload_file", **FORM, **{name: value})
    start = PART + b"x" * 1000
    with service.connect() as connection:
        connection.sendall(head + (b"%x\r\n%b\r\n" % (len(start), start) if "T" in name else start))
        wait_for(lambda: len(service.find_spooled()) > len(before), 5, "no file was begun")
    wait_for(lambda: service.find_spooled() == before, 5, "a file was left")
    assert exchange(service, write_head("GET", "/healthz")).status == 200


def test_an_upload_over_the_limit_is_refused(start_service: StartService) -> None:
    service = start_service(UPLOAD_MAX_BYTES="100000")
    with service.client() as client:
        files = {"file": b"x" * 100_000}
        assert client.post("/upload_file", files=files).status_code == 202
        kept = service.find_spooled()
        files = {"file": b"x" * 100_001}
        response = client.post("/upload_file", files=files)
        check_problem(response, 413, "upload_too_large")
    chunked = write_head("POST", "/upload_file", **FORM, Transfer_Encoding="chunked")
    started = b"%x\r\n%b\r\n" % (len(PART), PART)
    answer = send_until_answered(service, chunked + started, chunked=True)
    check_document(answer.headers["content-type"], answer.body, 413, "upload_too_large")
    assert answer.sent_bytes < MOST_SENT_BYTES
    assert service.find_spooled() == kept
