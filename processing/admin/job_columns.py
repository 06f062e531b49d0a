"""How a job's columns read, in the list and on its page."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from processing.admin.window import show_bytes, show_due, show_link, show_text, show_time
from processing.models import Job
from processing.queue.durations import describe_duration

STATE_COLOURS: dict[str, str] = {
    Job.State.QUEUED: "info",
    Job.State.RUNNING: "warning",
    Job.State.SUCCEEDED: "success",
    Job.State.FAILED: "danger",
}
#: So many digits of an id tell jobs apart well enough for a list.
SHORT_ID_DIGITS = 8


class JobColumns:
    """The columns of JobAdmin that are not a field as it stands."""

    @display(description="id")
    def short_id(self, job: Job) -> str:
        """The beginning of the id; the search finds the job by it."""
        return str(job.id)[:SHORT_ID_DIGITS]

    @display(description="work")
    def work(self, job: Job) -> str:
        """The processor, or the function of a task that is none's, without its module."""
        return job.processor or job.function.rpartition(".")[2]

    @display(description="state", label=STATE_COLOURS)
    def coloured_state(self, job: Job) -> str:
        """The state, in its colour."""
        return job.state

    @display(description="tries")
    def tries(self, job: Job) -> str:
        """Attempts that ended, of those it may have."""
        return f"{job.attempts} of {job.max_attempts}"

    @display(description="progress")
    def percent(self, job: Job) -> str | None:
        """What the processor said last."""
        return None if job.progress is None else f"{job.progress:.0%}"

    @display(description="size")
    def size(self, job: Job) -> str | None:
        """How much it reads; nothing for a task that has its arguments in its package."""
        return show_bytes(job.source_bytes or None)

    @display(description="created", ordering="created_at")
    def created(self, job: Job) -> str | None:
        """When it was accepted."""
        return show_time(job.created_at)

    @display(description="may run from")
    def due(self, job: Job) -> str | None:
        """From when on it may run."""
        return show_time(job.run_after)

    @display(description="due")
    def due_in(self, job: Job) -> str | None:
        """How long a job that waits for its time has to wait."""
        return show_due(job.run_after) if job.state == Job.State.QUEUED else None

    @display(description="started")
    def started(self, job: Job) -> str | None:
        """When it was taken last."""
        return show_time(job.started_at)

    @display(description="finished")
    def finished(self, job: Job) -> str | None:
        """When it came to its end."""
        return show_time(job.finished_at)

    @display(description="duration")
    def duration(self, job: Job) -> str | None:
        """From the last start to the end, or until now."""
        if job.started_at is None:
            return None
        until = job.finished_at or timezone.now()
        return describe_duration(max(0.0, (until - job.started_at).total_seconds()))

    @display(description="asked to stop")
    def stop_asked(self, job: Job) -> str | None:
        """When somebody cancelled it while it ran."""
        return show_time(job.cancel_requested_at)

    @display(description="error")
    def error(self, job: Job) -> str | None:
        """The code of the last error."""
        return job.error_code or None

    @display(description="message")
    def message(self, job: Job) -> SafeString | None:
        """The error's message."""
        return show_text(job.error_message)

    @display(description="traceback")
    def traceback(self, job: Job) -> SafeString | None:
        """Where the error came from."""
        return show_text(job.error_traceback)

    @display(description="result")
    def result_link(self, job: Job) -> SafeString | None:
        """Where to fetch it, while it is kept."""
        if job.state != Job.State.SUCCEEDED or job.result_expired:
            return None
        size = f", {show_bytes(job.result_bytes)}" if job.result_name else ""
        return show_link(f"/jobs/{job.id}/result", f"{job.result_media_type}{size}")

    @display(description="preview")
    def result_preview(self, job: Job) -> SafeString | None:
        """The beginning of a result that is JSON."""
        return show_text(job.result or "")

    @display(description="kept until")
    def kept_until(self, job: Job) -> str | None:
        """When the result goes."""
        return show_time(job.result_expires_at)

    @display(description="timeout")
    def timeout(self, job: Job) -> str | None:
        """How long one attempt may take."""
        return None if job.timeout_seconds is None else describe_duration(job.timeout_seconds)

    @display(description="memory limit")
    def memory_limit(self, job: Job) -> str | None:
        """How much memory one attempt may add to its process."""
        return show_bytes(job.memory_limit_bytes)

    @display(description="peak memory")
    def peak_memory(self, job: Job) -> str | None:
        """How much memory the last attempt added."""
        return show_bytes(job.peak_memory_bytes)

    @display(description="runs alone")
    def alone(self, job: Job) -> str:
        """Whether it is, or was last, to have all the room there is."""
        return "yes, it went over its limit" if job.runs_alone else "no"

    @display(description="lease ends")
    def lease_ends(self, job: Job) -> str | None:
        """When the job is taken from a worker that says nothing more."""
        return show_time(job.lease_expires_at)

    @display(description="upload")
    def upload_link(self, job: Job) -> SafeString | None:
        """The file that it reads."""
        if job.upload is None:
            return None
        page = reverse("admin:processing_upload_change", args=[job.upload_id])
        return show_link(page, job.upload.filename)
