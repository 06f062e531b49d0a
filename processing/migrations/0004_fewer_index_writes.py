"""Partial indexes in place of three that every job was written to."""

from __future__ import annotations

from django.db import migrations, models


class AddIndexOnline(migrations.AddIndex):
    """Adds an index without keeping anybody from writing, where the database can: PostgreSQL."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        # An attempt that was broken off leaves an index that is not valid.
        schema_editor.remove_index(model, self.index, concurrently=True)
        schema_editor.add_index(model, self.index, concurrently=True)


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
