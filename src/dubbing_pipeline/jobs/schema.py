"""The schema of ``jobs.db``: numbered migrations, data only.

Timestamps are UTC text (``rows.stamp``); a lease's expiry is unix seconds. A step is never
edited; a new one goes to the end and only adds, so that release N and N-1 share a file.
"""

from dubbing_pipeline.utils.sqlite import Migration

_INPUTS = """
CREATE TABLE inputs (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  probe TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(probe)),
  origin TEXT NOT NULL CHECK (origin IN ('upload', 'import')),
  created_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT
"""

# A started, unfinished job runs; only a queued one is paused; an ended one says when.
_JOBS = """
CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('dub', 'respeak', 'render')),
  engine TEXT NOT NULL DEFAULT 'local',
  engine_run TEXT,
  parent_job_id TEXT REFERENCES jobs(id),
  input_id TEXT REFERENCES inputs(id),
  owner_id TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('queued', 'running', 'done', 'failed', 'cancelled', 'quarantined', 'handed')),
  priority INTEGER NOT NULL CHECK (priority IN (0, 1, 2)),
  available_at TEXT,
  spec TEXT NOT NULL CHECK (json_valid(spec)),
  attempts_error INTEGER NOT NULL DEFAULT 0 CHECK (attempts_error >= 0),
  attempts_crash INTEGER NOT NULL DEFAULT 0 CHECK (attempts_crash >= 0),
  attempts_interrupted INTEGER NOT NULL DEFAULT 0 CHECK (attempts_interrupted >= 0),
  epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  cancel_requested_at TEXT,
  paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  reason TEXT CHECK (reason IS NULL OR json_valid(reason)),
  stage TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  started_at TEXT,
  finished_at TEXT,
  deleted_at TEXT,
  CHECK (paused = 0 OR state = 'queued'),
  CHECK (state <> 'running' OR (started_at IS NOT NULL AND epoch > 0)),
  CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'failed', 'cancelled', 'quarantined'))),
  CHECK (state NOT IN ('failed', 'quarantined') OR reason IS NOT NULL),
  CHECK (deleted_at IS NULL OR finished_at IS NOT NULL)
) STRICT
"""

_IDEMPOTENCY = """
CREATE TABLE idempotency (
  owner_id TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  expires_at TEXT NOT NULL,
  PRIMARY KEY (owner_id, key)
) STRICT, WITHOUT ROWID
"""

_OUTBOX = """
CREATE TABLE queue_outbox (
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('start', 'cancel')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'sent_l1', 'error')),
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  next_try_at TEXT NOT NULL,
  redis_entry_id TEXT,
  PRIMARY KEY (job_id, kind)
) STRICT, WITHOUT ROWID
"""

_LEASES = """
CREATE TABLE job_leases (
  job_id TEXT PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,
  lease_owner TEXT,
  lease_expires_at REAL NOT NULL,
  updated_at TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  stage TEXT NOT NULL DEFAULT '',
  progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1)
) STRICT, WITHOUT ROWID
"""

_EVENTS = """
CREATE TABLE queue_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  event TEXT NOT NULL,
  job_id TEXT,
  epoch INTEGER,
  actor TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail))
) STRICT
"""

_QUEUE_SMALL = (
    # Until when jobs of an owner and class were served: the least recently served goes first.
    """
CREATE TABLE owner_turns (
  owner_id TEXT NOT NULL,
  priority INTEGER NOT NULL,
  served_at TEXT NOT NULL,
  PRIMARY KEY (owner_id, priority)
) STRICT, WITHOUT ROWID
""",
    # Who does a duty that one process of the host does for all, and until when.
    """
CREATE TABLE duties (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  held_until TEXT NOT NULL
) STRICT, WITHOUT ROWID
""",
    "CREATE TABLE store_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO store_meta VALUES ('gate', 'open')",
    """
CREATE TABLE processes (
  incarnation TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('all', 'api', 'worker')),
  release TEXT NOT NULL,
  level INTEGER NOT NULL CHECK (level IN (1, 2)),
  wanted_level INTEGER NOT NULL CHECK (wanted_level IN (1, 2)),
  reason TEXT NOT NULL DEFAULT '',
  since TEXT NOT NULL,
  started_at TEXT NOT NULL,
  beat_at TEXT NOT NULL,
  counters TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(counters))
) STRICT, WITHOUT ROWID
""",
)

_LIBRARY = (
    """
CREATE TABLE job_library (
  job_id TEXT PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,
  current_job_id TEXT NOT NULL REFERENCES jobs(id),
  rev INTEGER NOT NULL DEFAULT 0,
  owner_id TEXT NOT NULL,
  title TEXT NOT NULL,
  source_language TEXT NOT NULL DEFAULT '',
  target_language TEXT NOT NULL DEFAULT '',
  duration_ms INTEGER NOT NULL DEFAULT 0,
  visibility TEXT NOT NULL DEFAULT 'private' CHECK (visibility IN ('private', 'shared')),
  project_id TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE shares (
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (job_id, user_id)
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE playback (
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  position_ms INTEGER NOT NULL CHECK (position_ms >= 0),
  updated_at TEXT NOT NULL,
  PRIMARY KEY (job_id, user_id)
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE line_edits (
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  rev INTEGER NOT NULL CHECK (rev > 0),
  line_id INTEGER NOT NULL,
  edit TEXT NOT NULL CHECK (json_valid(edit)),
  author_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (job_id, rev, line_id)
) STRICT, WITHOUT ROWID
""",
)

_FILES = (
    """
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  synced_bytes INTEGER NOT NULL DEFAULT 0 CHECK (synced_bytes BETWEEN 0 AND size_bytes),
  hash_state BLOB,
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  state TEXT NOT NULL CHECK (state IN ('open', 'finished', 'refused')),
  input_id TEXT REFERENCES inputs(id),
  reason TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE outputs (
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  path TEXT,
  state TEXT NOT NULL CHECK (state IN ('pending', 'published', 'error')),
  last_error TEXT,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (job_id, name),
  CHECK (state <> 'published' OR path IS NOT NULL)
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE job_artifacts (
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (job_id, key, role)
) STRICT, WITHOUT ROWID
""",
)

_NOTICES = (
    """
CREATE TABLE notify_targets (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('webhook', 'ntfy')),
  sealed_url BLOB NOT NULL,
  events TEXT NOT NULL CHECK (json_valid(events)),
  private_allowed INTEGER NOT NULL DEFAULT 0 CHECK (private_allowed IN (0, 1)),
  locale TEXT NOT NULL DEFAULT 'en',
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE notifications (
  id TEXT PRIMARY KEY,
  target_id TEXT NOT NULL REFERENCES notify_targets(id) ON DELETE CASCADE,
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  event TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'given_up')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at TEXT NOT NULL,
  claimed_by TEXT,
  claimed_until TEXT,
  last_error TEXT,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID
""",
)

_INDEXES = (
    """
CREATE INDEX jobs_waiting ON jobs (owner_id, priority, kind, created_at, id, available_at)
WHERE state = 'queued' AND paused = 0 AND cancel_requested_at IS NULL
""",
    "CREATE INDEX jobs_running ON jobs (owner_id, kind) WHERE state = 'running'",
    "CREATE INDEX jobs_of_owner ON jobs (owner_id, id)",
    "CREATE INDEX jobs_of_input ON jobs (input_id) WHERE input_id IS NOT NULL",
    "CREATE INDEX jobs_of_parent ON jobs (parent_job_id) WHERE parent_job_id IS NOT NULL",
    "CREATE INDEX jobs_trash ON jobs (deleted_at) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX inputs_of_owner ON inputs (owner_id, sha256)",
    "CREATE INDEX outbox_due ON queue_outbox (next_try_at) WHERE state IN ('pending', 'error')",
    "CREATE INDEX outbox_local ON queue_outbox (job_id) WHERE state = 'sent_l1'",
    "CREATE INDEX leases_held ON job_leases (lease_expires_at) WHERE lease_owner IS NOT NULL",
    "CREATE INDEX events_of_job ON queue_events (job_id, seq)",
    "CREATE INDEX events_by_time ON queue_events (at)",
    "CREATE INDEX library_of_owner ON job_library (owner_id, created_at)",
    "CREATE INDEX artifacts_by_key ON job_artifacts (key)",
    "CREATE INDEX outputs_pending ON outputs (updated_at) WHERE state = 'pending'",
    "CREATE INDEX notices_due ON notifications (next_try_at) WHERE state = 'pending'",
    "CREATE INDEX targets_of_owner ON notify_targets (owner_id)",
    "CREATE INDEX idempotency_old ON idempotency (expires_at)",
)

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        number=1,
        readable_from=1,
        statements=(
            *(_INPUTS, _JOBS, _IDEMPOTENCY, _OUTBOX, _LEASES, _EVENTS),
            *(*_QUEUE_SMALL, *_LIBRARY, *_FILES, *_NOTICES, *_INDEXES),
        ),
    ),
)

SCHEMA_NUMBER = MIGRATIONS[-1].number
