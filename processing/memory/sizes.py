"""What this project's own processes take before they work, and what they are to be given.

The first constants were measured on Linux 6.18 with Python 3.11 from /proc/PID/smaps_rollup, after
a start and again after 100 jobs, an upload, a fan-out and a page of the admin, with PostgreSQL
(SQLite takes 0 to 5 MB less). In MB, first and then:

    web master   PSS 34, private 8    PSS 42, private 24    resident 74
    web process  PSS 33, private 8    PSS 44, private 27
    template     PSS 16, private 4    PSS 20, private 10    anonymous 42, resident 57
    supervisor   PSS 20, private 12   PSS 21, private 12
    seat         PSS 20, private 12   PSS 22, private 14
"""

from __future__ import annotations

from processing.memory.units import MIB

#: The web's master with what its processes share: PSS of both, less what the process has alone.
WEB_BASE_BYTES = 60 * MIB
#: What a web process has of its own before it holds a request.
WEB_PROCESS_BYTES = 28 * MIB
#: What one upload holds: one whose client stalls leaves half a megabyte in the server's buffers.
UPLOAD_BYTES = MIB // 2

#: The template with all that it has loaded, and what the supervisor has of its own.
TEMPLATE_BYTES = 60 * MIB
SUPERVISOR_BYTES = 16 * MIB
#: A seat shares the template's memory until it writes to it; in the end it may have copied all.
SEAT_DEBT_BYTES = 44 * MIB
#: What a task may still allocate at its limit, before it is stopped.
BURST_BYTES = 128 * MIB

#: Kept free for what is not counted: a shell, page tables, what Python has yet to give back.
RESERVE_SHARE = 0.05
#: By default there are no more seats than can have this much for each task.
WANTED_TASK_LIMIT_BYTES = 128 * MIB
#: With less hardly any task can run.
LEAST_TASK_LIMIT_BYTES = 16 * MIB
#: With more than this it is not memory that is scarce; whoever wants more asks for it.
MOST_WEB_PROCESSES, MOST_SEATS = 8, 16
#: The same where nothing but the host limits us, which has other things to do.
MOST_WEB_PROCESSES_ON_HOST, MOST_SEATS_ON_HOST = 1, 2
