"""Partial indexes in place of three that every job was written to."""

from __future__ import annotations

from django.db import migrations, models

from processing.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False  # PostgreSQL builds an index beside writers only outside of a transaction

    dependencies = [("processing", "0003_queue_control")]

    operations = [
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                name="job_of_caller",
                fields=["caller", "created_at"],
                condition=~models.Q(caller="") & ~models.Q(caller="system"),
            ),
        ),
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                name="job_of_processor",
                fields=["processor", "created_at"],
                condition=~models.Q(processor=""),
            ),
        ),
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                name="job_at_rest",
                fields=["state", "created_at"],
                condition=~models.Q(state="running"),
            ),
        ),
        migrations.RemoveIndex(model_name="job", name="job_state"),
        migrations.RemoveIndex(model_name="job", name="job_processor"),
        migrations.RemoveIndex(model_name="job", name="job_caller"),
    ]
