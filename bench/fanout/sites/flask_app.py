"""A plain Flask program: a session of aiohttp for each URL, on a loop for each request."""

from __future__ import annotations

import asyncio

import aiohttp
from flask import Flask, Response, jsonify, request

from bench.load_line.sites.fan_out import TIMEOUT_SECONDS

app = Flask(__name__)


async def fetch(url: str) -> str | None:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            return await response.text()
    except (aiohttp.ClientError, TimeoutError):
        return None


async def fetch_all(urls: list[str]) -> list[str | None]:
    return await asyncio.gather(*map(fetch, urls))


@app.get("/get_external_data")
def get_external_data() -> Response:
    return jsonify(results=asyncio.run(fetch_all(request.args.getlist("url"))))
