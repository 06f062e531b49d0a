"""summarize: what a JSON value holds, in a few numbers."""

from __future__ import annotations

from typing import TypeGuard

from processing.processors.field_summary import summarize_field
from processing.processors.job import JSONValue, ProcessorJob
from processing.processors.json_shape import measure_depth, measure_size, name_type
from processing.processors.registry import processor

MAX_FIELDS = 1_000
"""So many different names are summarized, the first ones met: a result is to stay small."""

JSONObject = dict[str, JSONValue]


@processor("summarize", accepts="json")
def summarize(job: ProcessorJob, data: JSONValue) -> JSONObject:
    """Summarize a list of objects by field, and any other value by its outline.

    A list of objects gives `{"type": "list", "count", "fields", "more_fields"}`: fields maps a
    name to `{"count", "nulls", "distinct", "min", "max", "mean"}`, where count + nulls is the
    number of objects (a null and a missing field are both nulls); more_fields tells whether
    there were names past MAX_FIELDS. Distinct values are counted as JSON values: 1 and 1.0 are
    one value, 1 and true are two.

    Any other value gives `{"type", "size", "depth"}`; see `json_shape`.
    """
    if _is_list_of_objects(data):
        return _summarize_objects(job, data)
    return {"type": name_type(data), "size": measure_size(data), "depth": measure_depth(data)}


def _is_list_of_objects(data: JSONValue) -> TypeGuard[list[JSONObject]]:
    return isinstance(data, list) and all(isinstance(item, dict) for item in data)


def _summarize_objects(job: ProcessorJob, objects: list[JSONObject]) -> JSONObject:
    columns, has_more = _collect_columns(objects)
    fields: JSONObject = {}
    for name, values in columns.items():
        fields[name] = summarize_field(values, object_count=len(objects))
        job.report_progress(len(fields) / len(columns))
    return {"type": "list", "count": len(objects), "fields": fields, "more_fields": has_more}


def _collect_columns(objects: list[JSONObject]) -> tuple[dict[str, list[JSONValue]], bool]:
    """Return the non-null values by name, and whether names were left out."""
    columns: dict[str, list[JSONValue]] = {}
    has_more = False
    for item in objects:
        for name, value in item.items():
            if name not in columns:
                if len(columns) == MAX_FIELDS:
                    has_more = True
                    continue
                columns[name] = []
            if value is not None:
                columns[name].append(value)
    return columns, has_more
