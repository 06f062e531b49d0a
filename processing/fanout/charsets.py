"""Bytes to text, whatever an upstream says about its charset."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

# Undefined bytes cost Python's 8-bit codecs 0.17 µs each: a slice of them holds the loop for
# 1.4 ms, and fifty answers may each have a slice in one turn of the loop.
SLICE_BYTES = 8_192

DEFAULT_CHARSET = "utf-8"
# Bounded, so that it cannot wander through a long header; no real charset name is longer.
_CHARSET_PARAMETER = re.compile(r';\s{0,8}charset\s{0,8}=\s{0,8}"?([\w.:+-]{1,40})', re.IGNORECASE)
_UTF16_MARKS = ((codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))
_BYTE_ORDER_MARK = "\ufeff"

# The charsets of the WHATWG Encoding standard that Python has, by the labels seen in the wild. A
# list, because `codecs.lookup` keeps every unknown name for ever and knows codecs that are no
# charsets (punycode takes quadratic time, undefined always raises).
KNOWN_CHARSETS = frozenset(
    (
        *("utf-8", "utf8", "utf-16", "utf-16le", "utf-16be"),
        *("us-ascii", "ascii", "latin1", "latin-1", "macintosh", "tis-620"),
        *(f"iso-8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)),
        *(f"windows-{page}" for page in range(1250, 1259)),
        *(f"cp{page}" for page in range(1250, 1259)),
        *("koi8-r", "koi8-u", "cp866", "ibm866"),
        *("gbk", "gb2312", "gb18030", "big5", "big5-hkscs"),
        *("euc-jp", "iso-2022-jp", "shift-jis", "shift_jis", "sjis", "euc-kr"),
    )
)


def pick_charset(content_type: str | None, beginning: bytes) -> str:
    """Return the charset of what begins so: as its Content-Type says, else as its byte order mark,
    else UTF-8. A charset that is not in KNOWN_CHARSETS counts as not given."""
    match = _CHARSET_PARAMETER.search(content_type or "")
    named = match[1].lower() if match else ""
    if named in KNOWN_CHARSETS and named != "utf-16":
        return named
    for mark, charset in _UTF16_MARKS:
        if beginning.startswith(mark):
            return charset
    return "utf-16le" if named == "utf-16" else DEFAULT_CHARSET


def iterate_text(pieces: Iterable[bytes | bytearray], charset: str) -> Iterator[str]:
    """Decode the pieces of a body in slices of SLICE_BYTES, each byte once, so that a caller may
    pause between them. What cannot be decoded becomes U+FFFD; a byte order mark is dropped."""
    decoder = codecs.getincrementaldecoder(charset)(errors="replace")
    is_first = True
    for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), SLICE_BYTES):
            text = _decode(decoder, view[start : start + SLICE_BYTES])
            if is_first and text:
                text, is_first = text.removeprefix(_BYTE_ORDER_MARK), False
            yield text
    yield _decode(decoder, b"", final=True)


def _decode(
    decoder: codecs.IncrementalDecoder, data: bytes | memoryview, *, final: bool = False
) -> str:
    """Some of Python's decoders raise for an escape that never ends, whatever `errors` says."""
    try:
        return decoder.decode(data, final)
    except UnicodeError:
        decoder.reset()
        return "\ufffd"
