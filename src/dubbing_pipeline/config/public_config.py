"""Every setting that is no secret: name, type, default, unit, scope and words in one place."""

from typing import Annotated, Final, Literal

from pydantic import ByteSize

from dubbing_pipeline.config.field import Expects, setting
from dubbing_pipeline.config.handed_in import HandedInSettings
from dubbing_pipeline.config.values import (
    BindAddress,
    Bytes,
    CommandLine,
    Count,
    Days,
    FileName,
    Folder,
    Folders,
    HostName,
    HostNames,
    LeaseSeconds,
    LowerText,
    Port,
    Prefixes,
    ProbeSeconds,
    RedisName,
    SessionDays,
    Slots,
    Subnets,
    VisibilitySeconds,
    WebUrl,
)

Role = Literal["all", "api", "worker"]
Mode = Literal["low", "medium", "high"]
RemoteAccessMode = Literal["off", "tailscale", "cloudflare"]
CookieSecure = Literal["auto", "0", "1"]
QueueBackend = Literal["auto", "l1", "redis"]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    LowerText,
    Expects("debug|info|warning|error", "choice"),
]

_GIB: Final = 1 << 30


class PublicConfig(HandedInSettings):
    """The settings that anybody may read. Made by ``config.settings.load_settings``."""

    # Folders and files
    state_dir: Folder = setting(
        "Jobs, uploads and unfinished work. On a local disk, owned by the user who runs the service.",
        default_text="$XDG_DATA_HOME/dubbing-pipeline/state",
    )
    output_dir: Folder = setting(
        "Finished films. May lie on a network share.",
        default_text="$XDG_DATA_HOME/dubbing-pipeline/output",
    )
    log_dir: Folder = setting(
        "Output of the programs that a job ran.",
        default_text="$XDG_DATA_HOME/dubbing-pipeline/log",
    )
    cache_dir: Folder = setting(
        "What can be fetched again: models and keys of access providers.",
        default_text="$XDG_CACHE_HOME/dubbing-pipeline",
    )
    models_dir: Folder = setting(
        "Models of engines; looked at before any other place.",
        default_text="$DUBBING_PIPELINE_CACHE_DIR/models",
    )
    auth_db_name: FileName = setting(
        "File name of the accounts' database in the state folder.", default="auth.db", scope="api"
    )
    jobs_db_name: FileName = setting(
        "File name of the jobs' database in the state folder.", default="jobs.db"
    )
    settings_path: Folder | None = setting(
        "A file with further settings, one NAME=value a line; the process environment wins.",
        default=None,
    )
    import_dirs: Folders = setting(
        "Folders from which films on this machine may be taken.", default=(), scope="api"
    )

    # Work
    role: Role = setting("What this process does: serve pages, run jobs, or both.", default="all")
    slots: Slots = setting(
        "Jobs at once in this process.",
        default_text="half of the processor cores, at least 1",
        unit="jobs",
        scope="worker",
    )
    lease_ttl_s: LeaseSeconds = setting(
        "How long a worker may be silent before its job goes to another.", default=60, unit="s"
    )
    default_mode: Mode = setting("The mode of a job that names none.", default="low")
    allow_downloads: bool = setting(
        "Engines may fetch models, pinned by revision and hash.", default=False, scope="worker"
    )
    offline: bool = setting("Nothing may reach for the network at all.", default=False)
    post_job_command: CommandLine | None = setting(
        "A program to run when a job has ended; it is told about it in JSON.",
        default=None,
        scope="worker",
    )

    # Limits
    max_active_jobs_per_user: Count = setting(
        "Running jobs of one user at once; 0 is no limit.", default=0, unit="jobs"
    )
    max_queued_jobs_per_user: Count = setting(
        "Waiting jobs of one user; 0 is no limit.", default=0, unit="jobs"
    )
    daily_job_cap: Count = setting(
        "Jobs of one user in one day of the server; 0 is no limit.", default=0, unit="jobs"
    )
    high_mode_admin_only: bool = setting(
        "Only administrators may ask for mode high.", default=False, scope="api"
    )
    max_upload_bytes: Bytes = setting(
        "The largest film that may be uploaded.",
        default=ByteSize(64 * _GIB),
        unit="bytes",
        scope="api",
    )
    min_free_bytes: Bytes = setting(
        "Space that uploads and jobs leave free on the disk.",
        default=ByteSize(2 * _GIB),
        unit="bytes",
    )
    quota_bytes_per_user: Bytes = setting(
        "What one user's films may take up; 0 is no limit.",
        default=ByteSize(0),
        unit="bytes",
        scope="api",
    )
    retention_partial_days: Days = setting(
        "Unfinished uploads are kept that long; 0 keeps them.", default=3, unit="days"
    )
    retention_work_days: Days = setting(
        "Intermediate results that can be made again are kept that long; 0 keeps them.",
        default=30,
        unit="days",
    )
    retention_output_days: Days = setting(
        "Finished films are kept that long; 0 keeps them.", default=0, unit="days"
    )

    # Engines over HTTP
    stt_url: WebUrl | None = setting(
        "OpenAI-compatible endpoint that recognises speech.", default=None
    )
    stt_model: str | None = setting("Model to ask the recognition endpoint for.", default=None)
    llm_url: WebUrl | None = setting(
        "OpenAI-compatible endpoint that translates by chat.", default=None
    )
    llm_model: str | None = setting("Model to ask the translation endpoint for.", default=None)
    tts_url: WebUrl | None = setting("OpenAI-compatible endpoint that speaks.", default=None)
    tts_model: str | None = setting("Model to ask the speech endpoint for.", default=None)

    # The way in
    host: BindAddress = setting(
        "Address to listen on; tailscale means the addresses of this machine in its tailnet.",
        default="127.0.0.1",
        bare=True,
        scope="api",
    )
    port: Port = setting("Port to listen on.", default=8000, bare=True, scope="api")
    remote_access_mode: RemoteAccessMode = setting(
        "Who may reach the server from outside this machine.",
        default="off",
        bare=True,
        scope="api",
    )
    allowed_subnets: Subnets = setting(
        "Networks that may connect, in place of the mode's own; the word default keeps those too.",
        default=(),
        default_text="by REMOTE_ACCESS_MODE",
        bare=True,
        scope="api",
    )
    allowed_hosts: HostNames = setting(
        "Further names under which the server may be called.", default=(), scope="api"
    )
    public_url: WebUrl | None = setting(
        "Address that links in messages and codes start with.", default=None, scope="api"
    )
    cookie_secure: CookieSecure = setting(
        "Send cookies over https only; auto decides by the request.",
        default="auto",
        bare=True,
        scope="api",
    )
    cloudflare_team_domain: HostName | None = setting(
        "Team domain whose access tokens are accepted.", default=None, bare=True, scope="api"
    )
    cloudflare_aud: str | None = setting(
        "Audience tag that access tokens must carry.", default=None, bare=True, scope="api"
    )
    session_idle_days: SessionDays = setting(
        "A login ends after that long without use.", default=14, unit="days", scope="api"
    )
    session_max_days: SessionDays = setting(
        "A login ends after that long in any case.", default=90, unit="days", scope="api"
    )
    ui_audit_page_views: bool = setting(
        "Write each page view into the audit log.", default=False, scope="api"
    )

    # The queue's second level
    queue_backend: QueueBackend = setting(
        "auto uses Redis while it is healthy, l1 never, redis wants it and copes without.",
        default="auto",
        bare=True,
    )
    redis_queue_stream_key: RedisName = setting(
        "Stream that carries the hints.", default="dp:jobs:stream", bare=True
    )
    redis_queue_group: RedisName = setting(
        "Consumer group of the workers.", default="dp:jobs:workers", bare=True
    )
    redis_queue_visibility_timeout_s: VisibilitySeconds = setting(
        "A hint that nobody answered is handed out again after that long.",
        default=300,
        unit="s",
        bare=True,
    )
    redis_queue_healthcheck_sec: ProbeSeconds = setting(
        "How often Redis is probed.", default=2, unit="s", bare=True
    )

    # What it tells
    log_level: LogLevel = setting("The least serious log line to write.", default="info", bare=True)
    otel_service_name: str = setting(
        "Name of this service in traces.", default="dubbing_pipeline", bare=True
    )
    otel_exporter_otlp_endpoint: WebUrl | None = setting(
        "Where traces are sent; none are made without it.", default=None, bare=True
    )

    # For a while after a rename
    transition_prefixes: Prefixes = setting(
        "Further prefixes under which our names are accepted, with a warning each.", default=()
    )
