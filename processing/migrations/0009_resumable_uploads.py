"""Uploads that arrive in several requests."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('processing', '0008_database_store'),
    ]

    operations = [
        migrations.CreateModel(
            name='ResumableUpload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('caller', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('kind', models.CharField(choices=[('single', 'Single'), ('partial', 'Partial'), ('final', 'Final')], default='single', max_length=7)),
                ('filename', models.CharField(max_length=200)),
                ('media_type', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('metadata', models.TextField(blank=True, db_default='', default='')),
                ('processor', models.CharField(blank=True, db_default='', default='', max_length=100)),
                ('length', models.BigIntegerField(null=True)),
                ('offset', models.BigIntegerField(db_default=0, default=0)),
                ('stored_name', models.CharField(max_length=200, unique=True)),
                ('digest_state', models.BinaryField(null=True)),
                ('digest_offset', models.BigIntegerField(db_default=0, default=0)),
                ('provisional_from', models.BigIntegerField(null=True)),
                ('holder', models.CharField(blank=True, db_default='', default='', max_length=100)),
                ('holder_expires_at', models.DateTimeField(null=True)),
                ('is_wanted', models.BooleanField(db_default=False, default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(null=True)),
                ('is_open', models.BooleanField(db_default=True, default=True)),
                ('part_number', models.PositiveIntegerField(null=True)),
                ('final', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='processing.resumableupload')),
                ('job', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='resumable_upload', to='processing.job')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_open', True)), fields=['expires_at'], name='resumable_open'), models.Index(condition=models.Q(('holder', ''), _negated=True), fields=['holder_expires_at'], name='resumable_held'), models.Index(fields=['created_at', 'id'], name='resumable_newest')],
                'constraints': [models.UniqueConstraint(fields=('final', 'part_number'), name='one_part_per_number'), models.CheckConstraint(condition=models.Q(('length__isnull', True), ('offset__lte', models.F('length')), _connector='OR'), name='offset_within_length'), models.CheckConstraint(condition=models.Q(models.Q(('is_open', True), ('final__isnull', True), ('job__isnull', True)), models.Q(('is_open', False), models.Q(('final__isnull', True), ('job__isnull', True), _negated=True)), _connector='OR'), name='open_until_owned')],
            },
        ),
    ]
