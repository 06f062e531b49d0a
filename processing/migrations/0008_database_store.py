"""The tables of the upload store that is in the database."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def keep_chunks_as_they_are(apps, schema_editor):
    """PostgreSQL would try to compress every chunk, which takes longer than to write it."""
    if schema_editor.connection.vendor == "postgresql":
        table = schema_editor.quote_name("processing_databasechunk")
        schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN data SET STORAGE EXTERNAL")


class Migration(migrations.Migration):

    dependencies = [("processing", "0007_over_limit")]

    operations = [
        migrations.CreateModel(
            name="DatabaseFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True)),
                ("size_bytes", models.BigIntegerField(db_default=0, default=0)),
                ("is_finished", models.BooleanField(db_default=False, default=False)),
                ("writer", models.PositiveIntegerField(db_default=0, default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("modified_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="DatabaseChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.BigIntegerField()),
                ("data", models.BinaryField()),
                (
                    "file",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="processing.databasefile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("file", "start"), name="one_chunk_per_start"
                    )
                ],
            },
        ),
        migrations.RunPython(keep_chunks_as_they_are, migrations.RunPython.noop, elidable=False),
    ]
