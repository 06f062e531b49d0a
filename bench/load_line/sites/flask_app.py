"""A plain Flask program: it works in a pool of five threads, and keeps what it has to do in memory.

Only `note_end` is there for the bench: without it nobody would know, after a restart, which jobs
had ended before.
"""

from __future__ import annotations

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from flask import Flask, Response, jsonify, request

from bench.load_line import work
from bench.load_line.kinds import CHECK, ECHO, OVER_LIMIT, SUCCEEDED
from bench.load_line.sites.fan_out import fetch_all
from bench.load_line.sites.noted_ends import note_end

UPLOADS = Path(os.environ["BENCH_FOLDER"]) / "uploads"
UPLOADS.mkdir(exist_ok=True)

app = Flask(__name__)
pool = ThreadPoolExecutor(max_workers=5)
jobs: dict[str, str] = {}


@app.post("/process_data")
def process_data() -> tuple[Response, int]:
    return accept(request.args.get("processor", ECHO), request.get_json())


@app.post("/upload_file")
def upload_file() -> tuple[Response, int]:
    path = UPLOADS / uuid.uuid4().hex
    request.files["file"].save(path)
    return accept(CHECK, str(path))


@app.get("/get_external_data")
def get_external_data() -> Response:
    with requests.Session() as session:
        return jsonify(results=fetch_all(session, request.args.getlist("url")))


@app.get("/healthz")
@app.get("/readyz")
def show_health() -> str:
    return "ok"


def accept(kind: str, data: Any) -> tuple[Response, int]:
    job_id = uuid.uuid4().hex
    jobs[job_id] = "queued"
    pool.submit(run, job_id, kind, data)
    return jsonify(message="Task submitted", job_id=job_id), 202


def run(job_id: str, kind: str, data: Any) -> None:
    jobs[job_id] = "running"
    try:
        work.run(kind, data)
        jobs[job_id] = SUCCEEDED
    except MemoryError:
        jobs[job_id] = OVER_LIMIT
    except Exception as error:
        jobs[job_id] = f"failed {type(error).__name__}"
    note_end(job_id, jobs[job_id])
