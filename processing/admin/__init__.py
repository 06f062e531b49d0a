"""Django's admin. Importing a module here registers what it shows."""

from processing.admin import accounts, jobs, memory, resumable_uploads, schedules, tasks, uploads

__all__ = ["accounts", "jobs", "memory", "resumable_uploads", "schedules", "tasks", "uploads"]
