"""Actions are few among the samples of each minute, and are looked for by themselves."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("processing", "0005_memory_watch")]

    operations = [
        migrations.AddIndex(
            model_name="memorysample",
            index=models.Index(
                name="memory_sample_action", fields=["at"], condition=~models.Q(action="")
            ),
        ),
    ]
