"""Showing what django-q2 keeps pickled, one value at a time and never in a list."""

from __future__ import annotations

from django.db.models import TextField
from django.db.models.functions import Cast, Substr
from django_q.models import Task
from picklefield.fields import PickledObject

#: A larger value is not unpickled, in characters of its base64 text.
PICKLED_MAX_CHARACTERS = 1_000_000
PICKLED_FIELDS = ("args", "kwargs", "result")


def describe_pickled(task_id: str, name: str) -> str:
    """The value of the field `name` as text, or why it cannot be shown.

    Our own workers wrote it, so it is unpickled without a signature, as django-q2 does.
    """
    text = _read_text(task_id, name)
    if text is None:
        return ""
    if len(text) > PICKLED_MAX_CHARACTERS:
        return f"(too large to show: more than {PICKLED_MAX_CHARACTERS:,} characters)"
    try:
        value = _unpickle(text, name)
        return value if isinstance(value, str) else repr(value)
    except Exception as error:  # unpickling and repr() run whatever the value's class brings
        return f"(cannot be shown: {type(error).__name__}: {error})"


def _read_text(task_id: str, name: str) -> str | None:
    start = Substr(Cast(name, TextField()), 1, PICKLED_MAX_CHARACTERS + 1)
    text: str | None = Task.objects.filter(pk=task_id).values_list(start, flat=True).first()
    return text


def _unpickle(text: str, name: str) -> object:
    # As a PickledObject the text is not taken for a value of its own when it does not unpickle.
    return Task._meta.get_field(name).to_python(PickledObject(text))
