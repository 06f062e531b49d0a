"""How a resumable upload was asked to be a part or to consist of some, as it was said."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("processing", "0009_resumable_uploads")]

    operations = [
        migrations.AddField(
            "resumableupload",
            "concatenation",
            models.TextField(blank=True, db_default="", default=""),
        )
    ]
