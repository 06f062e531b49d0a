"""An index of the jobs that went over their memory limit: few, and asked for when another does."""

from __future__ import annotations

from django.db import migrations, models

from processing.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False  # as in 0004

    dependencies = [("processing", "0006_memory_actions")]

    operations = [
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                name="job_over_limit",
                fields=["processor", "function", "run_after"],
                condition=models.Q(runs_alone=True)
                | models.Q(error_code="memory_limit_exceeded"),
            ),
        ),
    ]
