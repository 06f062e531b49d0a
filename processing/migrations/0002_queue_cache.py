"""The table in which django-q2's clusters say how they are; see CACHES["queue"]."""

from __future__ import annotations

from django.core.management import call_command
from django.db import migrations


def create_table(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def drop_table(apps, schema_editor):
    schema_editor.execute("DROP TABLE IF EXISTS processing_queue_cache")


class Migration(migrations.Migration):
    dependencies = [("processing", "0001_jobs_and_uploads")]
    operations = [migrations.RunPython(create_table, drop_table)]
