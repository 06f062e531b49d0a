"""Django's settings, and the only place that reads the environment.

The name of a setting is the name of its environment variable. docs/settings.md lists them all.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from processing.memory.plan import WebPlan, WorkerPlan
from processing.memory.quota import find_quota
from processing.memory.sizes import UPLOAD_BYTES
from processing.memory.units import MIB
from project.aws import prepare_for_bucket
from project.database import add_options
from project.environment import Environment, parse_queue
from project.log import describe_log
from project.upload_storage import WANTED as STORAGE_WANTED
from project.upload_storage import describe_storage, is_bucket

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
DAY_SECONDS = 86_400

# Whoever guesses the key can run code in a worker; 32 random characters cannot be guessed.
SECRET_KEY_LEAST_CHARACTERS = 32
# Heroku's router gives a request up after 30 s, and the answer must be written too.
# https://devcenter.heroku.com/articles/request-timeout
FANOUT_DEADLINE_MOST_SECONDS = 25

env = Environment()
# Numeric libraries take memory for each of their threads, and see all cores of the host; in a small
# container it is the processes that run side by side.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    env.set_default(name, "1")
# A silent name server is asked again after 1 s, not 5: somebody waits (resolv.conf(5)).
env.set_default("RES_OPTIONS", "timeout:1 attempts:2")
# Where we run
ON_HEROKU = bool(env.text("DYNO", ""))
HOST = env.text("HOST", "[::]")
PORT = env.integer("PORT", 8000, least=1, unit="a TCP port")
SHUTDOWN_GRACE_SECONDS = env.seconds("SHUTDOWN_GRACE_SECONDS", 20)
DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY", "")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["*"] if ON_HEROKU else [])
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", ON_HEROKU)
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
UPLOAD_SPOOL_DIR = env.path("UPLOAD_SPOOL_DIR", VAR_DIR / "spool")
UPLOAD_STORAGE = env.parsed(
    "UPLOAD_STORAGE_URL",
    "file:",
    partial(describe_storage, default_folder=UPLOAD_SPOOL_DIR / "store"),
    STORAGE_WANTED,
)
STORE_BYTES = prepare_for_bucket(env) if is_bucket(UPLOAD_STORAGE) else 0

# Memory; a number that is not set (0) is left to the plan
MEMORY_QUOTA_MB = env.integer("MEMORY_QUOTA_MB", 0, unit="MiB; 0 to find it")
MEMORY_QUOTA = find_quota(
    setting_bytes=MEMORY_QUOTA_MB * MIB,
    dyno_ram_bytes=env.integer("DYNO_RAM", 0, unit="MiB, as Heroku sets it") * MIB,
    is_heroku=ON_HEROKU,
)
WORKER_PLAN = WorkerPlan(
    quota=MEMORY_QUOTA,
    given_seats=env.integer("WORKER_SEATS", 0, least=1, unit="worker processes"),
    store_bytes=STORE_BYTES,
    given_task_limit_bytes=env.integer("TASK_MEMORY_LIMIT_MB", 0, least=1, unit="MiB") * MIB,
)
WORKER_SEATS = WORKER_PLAN.seats
TASK_MEMORY_LIMIT_MB = WORKER_PLAN.task_limit_bytes // MIB

# Who may use it
API_TOKENS = env.words("API_TOKENS", [])
API_ALLOW_ANONYMOUS = env.flag("API_ALLOW_ANONYMOUS", False)

# Background work
QUEUE_URL = env.parsed("QUEUE_URL", "database:", parse_queue, "database: (the only queue so far)")
PROCESSOR_MODULES = env.words("PROCESSOR_MODULES", [])
PROCESS_DATA_MAX_BYTES = env.integer("PROCESS_DATA_MAX_BYTES", MIB, least=1, unit="bytes")
PROCESS_DATA_BUDGET_BYTES = env.integer(
    "PROCESS_DATA_BUDGET_BYTES", 32 * MIB, least=1, unit="bytes"
)
QUEUE_MAX_JOBS = env.integer("QUEUE_MAX_JOBS", 100_000, least=1, unit="jobs")
QUEUE_MAX_BYTES = env.integer("QUEUE_MAX_BYTES", 2048 * MIB, least=1, unit="bytes")
TASK_TIMEOUT_SECONDS = env.integer("TASK_TIMEOUT_SECONDS", 600, least=1, unit="seconds")
TASK_MAX_ATTEMPTS = env.integer("TASK_MAX_ATTEMPTS", 3, least=1, unit="attempts")
RESULT_EXPIRES_SECONDS = env.integer("RESULT_EXPIRES_SECONDS", DAY_SECONDS, least=1, unit="seconds")
JOB_EXPIRES_SECONDS = env.integer("JOB_EXPIRES_SECONDS", 7 * DAY_SECONDS, least=1, unit="seconds")

# Uploads
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_BYTES", 2048 * MIB, least=1, unit="bytes")
UPLOAD_MAX_CONCURRENT = env.integer("UPLOAD_MAX_CONCURRENT", 200, least=1, unit="uploads")
UPLOAD_MAX_UNFINISHED = env.integer("UPLOAD_MAX_UNFINISHED", 10_000, least=1, unit="uploads")
UPLOAD_MIN_FREE_BYTES = env.integer("UPLOAD_MIN_FREE_BYTES", 256 * MIB, unit="bytes")
UPLOAD_MAX_TOTAL_BYTES = env.integer("UPLOAD_MAX_TOTAL_BYTES", 16 * 1024 * MIB, unit="bytes")
UPLOAD_MIN_BYTES_PER_SECOND = env.integer(
    "UPLOAD_MIN_BYTES_PER_SECOND", 512, unit="bytes a second; 0 for no bound"
)
UPLOAD_EXPIRES_SECONDS = env.integer("UPLOAD_EXPIRES_SECONDS", DAY_SECONDS, least=1, unit="seconds")

# Fan-out
EXTERNAL_URLS = env.urls("EXTERNAL_URLS", [])
EXTERNAL_ALLOWED_HOSTS = env.words("EXTERNAL_ALLOWED_HOSTS", [])
EXTERNAL_ALLOW_PRIVATE = env.flag("EXTERNAL_ALLOW_PRIVATE", False)
FANOUT_MAX_URLS = env.integer("FANOUT_MAX_URLS", 50, least=1, unit="URLs")
FANOUT_CONCURRENCY = env.integer("FANOUT_CONCURRENCY", 200, least=1, unit="connections")
FANOUT_MAX_RESPONSE_BYTES = env.integer("FANOUT_MAX_RESPONSE_BYTES", MIB, least=1, unit="bytes")
FANOUT_BUDGET_BYTES = env.integer("FANOUT_BUDGET_BYTES", 24 * MIB, least=1, unit="bytes")
FANOUT_DEADLINE_SECONDS = env.seconds(
    "FANOUT_DEADLINE_SECONDS", 20, least=0.1, most=FANOUT_DEADLINE_MOST_SECONDS
)

# What a web process may hold at once; only now all of it is known.
WEB_PLAN = WebPlan(
    quota=MEMORY_QUOTA,
    request_bytes=PROCESS_DATA_BUDGET_BYTES
    + FANOUT_BUDGET_BYTES
    + UPLOAD_MAX_CONCURRENT * UPLOAD_BYTES,
    store_bytes=STORE_BYTES,
    given_processes=env.integer("WEB_CONCURRENCY", 0, least=1, unit="web processes"),
)
WEB_CONCURRENCY = WEB_PLAN.processes

DATABASES: dict[str, dict[str, Any]] = {
    "default": add_options(env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}"))
}

if not SECRET_KEY:
    env.problems.append("SECRET_KEY is not set; it must be a long random text that stays the same")
elif len(SECRET_KEY) < SECRET_KEY_LEAST_CHARACTERS:
    env.problems.append(
        f"SECRET_KEY has {len(SECRET_KEY)} characters; it must be a random text of "
        f"{SECRET_KEY_LEAST_CHARACTERS} or more that stays the same"
    )
if ":operate" in API_TOKENS:
    env.problems.append(
        "API_TOKENS has the entry ':operate', which makes no sense; it must be TOKEN:operate"
    )
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    env.problems.append(f"LOG_LEVEL={LOG_LEVEL!r} makes no sense; it must be INFO or such a level")
if PORT > 65_535:
    env.problems.append(f"PORT={PORT!r} makes no sense; it must be a TCP port, 1 to 65535")
if env.problems:
    raise ImproperlyConfigured("; ".join(env.problems))

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "project.admin_app.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "processing",
    "processing.console",
    "django_q",
]

# The API's own, async middleware is in processing/web/door.py. This chain serves /admin/ alone.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "project.urls"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False  # the catalogues take memory, and django-q2 asks them several times a task

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = "/admin/login/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SESSION_COOKIE_HTTPONLY = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
    "uploads": UPLOAD_STORAGE,
}
FILE_UPLOAD_HANDLERS = ["processing.uploads.handler.SpoolUploadHandler"]

# django-q2 keeps in a cache what its clusters say of themselves, cached results, and the arguments
# and results of an Iter: one that every process can read. Above MAX_ENTRIES Django deletes what has
# not expired too, so this is a number that is never met; purge_jobs removes what has expired.
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "queue": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "processing_queue_cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000_000},
    },
}
Q_CLUSTER = {
    "name": "plimsoll",
    "ALT_CLUSTERS": {},  # read where Q_CLUSTER_NAME is set: a queue of that name, configured alike
    "label": "Tasks (django-q2)",
    "broker_class": "processing.queue.broker.DatabaseBroker",
    "cache": "queue",
    "workers": WORKER_SEATS,
    "timeout": TASK_TIMEOUT_SECONDS,
    "retry": TASK_TIMEOUT_SECONDS + 60,
    "save_limit": 0,
    "catch_up": False,
    "log_level": LOG_LEVEL,
}

# Django's @task functions are jobs of the same queue, under any queue name; see docs/tasks.md.
TASKS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "processing.queue.tasks_backend.PlimsollBackend",
        "QUEUES": [],
        "OPTIONS": {},
    }
}

UNFOLD = {"SITE_TITLE": "Plimsoll", "SITE_HEADER": "Plimsoll", "SITE_SYMBOL": "sailing"}

LOGGING = describe_log(LOG_LEVEL)
