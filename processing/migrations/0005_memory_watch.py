"""What a job allocated, whether it runs alone, and the memory that processes held."""

from __future__ import annotations

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("processing", "0004_fewer_index_writes"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="allocation_profile",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="job",
            name="runs_alone",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="MemorySample",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("host", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=10)),
                ("pid", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=50)),
                ("used_bytes", models.BigIntegerField()),
                ("usage_bytes", models.BigIntegerField()),
                ("quota_bytes", models.BigIntegerField()),
                ("action", models.CharField(blank=True, db_default="", default="", max_length=20)),
                ("detail", models.TextField(blank=True, db_default="", default="")),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="memory_sample_at")],
            },
        ),
    ]
