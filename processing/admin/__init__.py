"""Django's admin. Importing a module here registers what it shows."""

from processing.admin import accounts, jobs, schedules, tasks, uploads

__all__ = ["accounts", "jobs", "schedules", "tasks", "uploads"]
