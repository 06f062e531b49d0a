from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.uploads.filename import clean_filename


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("report.csv", "report.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\report.csv", "report.csv"),
        ("naïve Ω 文.txt", "naïve Ω 文.txt"),
        ("a\x00b\r\nc\t.txt", "abc.txt"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("  padded.txt  ", "padded.txt"),
        (".bashrc", ".bashrc"),
        ("", "upload"),
        ("..", "upload"),
        ("folder/", "upload"),
        ("\x00", "upload"),
        ("\udcff.txt", ".txt"),
    ],
)
def test_a_name_is_made_safe_to_show(raw: str, clean: str) -> None:
    assert clean_filename(raw) == clean


def test_a_long_name_keeps_its_extension() -> None:
    assert clean_filename("x" * 500 + ".tar") == "x" * 196 + ".tar"


def test_an_endless_extension_is_cut_like_a_name() -> None:
    assert clean_filename("x." + "y" * 500) == "x." + "y" * 198


@given(st.text())
def test_any_name_is_short_printable_and_clean_already(raw: str) -> None:
    clean = clean_filename(raw)

    assert 1 <= len(clean) <= 200
    assert clean.isprintable()
    assert not {"/", "\\"} & set(clean)
    assert clean_filename(clean) == clean
