"""An index of the results in the store, which are summed up before an upload is taken."""

from __future__ import annotations

from django.db import migrations, models

from processing.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False  # as in 0004

    dependencies = [("processing", "0010_upload_concatenation")]

    operations = [
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                name="job_stored_result",
                fields=["result_bytes", "result_name"],
                condition=models.Q(("result_name", ""), _negated=True),
            ),
        ),
    ]
