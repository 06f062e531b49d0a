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
#: What one upload holds, most of it in the server's buffers: 200 at once took 0.19 to 0.33 MB each
#: where their clients stalled, 0.23 to 0.30 MB where they sent as fast as they could. The most was
#: on a machine whose cores were wanted by many others.
UPLOAD_BYTES = 3 * MIB // 8

#: The template with all that it has loaded, and what the supervisor has of its own.
TEMPLATE_BYTES = 60 * MIB
SUPERVISOR_BYTES = 16 * MIB
#: A seat shares the template's memory until it writes to it; in the end it may have copied all.
SEAT_DEBT_BYTES = 44 * MIB
#: What a task may still allocate at its limit, before it is stopped.
BURST_BYTES = 128 * MIB
#: The same once it is to be stopped: what unwinding it and telling of it may take.
LAST_BYTES = 8 * MIB
#: The stack of each thread that a task starts, in address space; glibc would take 8 MB.
THREAD_STACK_BYTES = MIB
#: An idle seat that holds so much more than after its fork has grown, and makes way for a new one.
SEAT_GROWTH_BYTES = 16 * MIB
#: A task that took so much leaves holes behind that are worth giving back at once.
LARGE_TASK_BYTES = 8 * MIB

#: The client of a bucket, in the process that loads it: boto3 with Amazon's description of S3. A
#: fork that has sent and read some files has copied 16 MB of it, and may copy all in the end.
BUCKET_CLIENT_BYTES = 24 * MIB

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

#: At this part of the usable quota nothing new is begun: what runs may still need the rest.
PAUSE_SHARE = 0.85
#: Below this part work is begun again; what one request takes and gives back (5 % of 512 MB are
#: 26 MB) must not end a pause and begin the next.
RESUME_SHARE = 0.80
