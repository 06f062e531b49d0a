"""Changing tables that others write to meanwhile."""

from __future__ import annotations

from django.db import migrations


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
