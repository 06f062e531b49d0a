"""A plain Flask program: it saves the file and then reads it for its SHA-256."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from flask import Flask, Response, jsonify, request

UPLOADS = Path(os.environ["BENCH_FOLDER"]) / "uploads"
UPLOADS.mkdir(exist_ok=True)

app = Flask(__name__)


@app.post("/upload_file")
def upload_file() -> tuple[Response, int]:
    path = UPLOADS / uuid.uuid4().hex
    request.files["file"].save(path)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return jsonify(bytes=path.stat().st_size, sha256=sha256), 202


@app.post("/process_data")
def process_data() -> tuple[Response, int]:
    return jsonify(keys=len(request.get_json())), 202
