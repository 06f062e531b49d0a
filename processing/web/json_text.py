"""Which JSON texts are taken: those that every part of the service can carry."""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from typing import Any

from processing.errors import InvalidJSON

#: Deeper nesting than this is refused: every JSON library recurses, and no data needs it.
MAX_DEPTH = 200
#: More lists and objects than this are refused: an object takes up to 40 times its text in memory,
#: and all are made in one step on the event loop. This many take 20 MiB and less than 0.1 s.
MAX_CONTAINERS = 100_000

# Possessive, and content with the end of the text: on a string that never ends, a pattern that
# backtracks takes quadratic time.
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
DEPTH_STEP = dict.fromkeys(b"[{", 1) | dict.fromkeys(b"]}", -1)
NOT_BRACKETS = bytes(set(range(256)) - set(DEPTH_STEP))


def check_json(body: bytes) -> None:
    """Raise InvalidJSON, with the reason, unless `body` is one JSON value in UTF-8.

    Refused with what is not JSON (NaN, Infinity): numbers that are not finite or have more digits
    than Python converts, nesting past MAX_DEPTH, more than MAX_CONTAINERS, and strings with NUL or
    lone surrogates, which no database stores.
    """
    _check_brackets(body)
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=_parse_float)
    except UnicodeDecodeError as error:
        raise InvalidJSON(f"The body is not UTF-8: byte {error.start} is wrong.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidJSON(f"The body is not valid JSON: {error}") from error
    _check_strings(body, value)


def _check_brackets(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    brackets = STRING.sub(b"", body).translate(None, NOT_BRACKETS)
    if len(brackets) > 2 * MAX_CONTAINERS:
        raise InvalidJSON(f"The body has more than {MAX_CONTAINERS} lists and objects.")
    if max(accumulate(map(DEPTH_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH:
        raise InvalidJSON(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _check_strings(body: bytes, value: Any) -> None:
    # Looking for the plain bytes first costs next to nothing; the pattern looks at each byte twice.
    if b"\\u0000" in body and NUL_ESCAPE.search(body):
        raise InvalidJSON("The body has a string with the character \\u0000.")
    if SURROGATE_ESCAPE.search(body):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise InvalidJSON("The body has a string with a lone surrogate.") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is out of range")
    return number
