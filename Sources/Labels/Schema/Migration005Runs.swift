/// What training read, what ran, and what came out.
let migration005Runs = """
    CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        hash TEXT NOT NULL CHECK (length(hash) = 64),
        labels INTEGER NOT NULL CHECK (labels > 0),
        groups INTEGER NOT NULL CHECK (groups > 0),
        held_out_groups INTEGER NOT NULL CHECK (held_out_groups BETWEEN 0 AND groups),
        ties INTEGER NOT NULL CHECK (ties >= 0),
        extras INTEGER NOT NULL CHECK (extras >= 0),
        split_rule TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        UNIQUE (project_id, hash)
    ) STRICT;

    CREATE TABLE snapshot_labels (
        snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
        group_id INTEGER NOT NULL REFERENCES response_groups (id),
        label_revision_id INTEGER NOT NULL REFERENCES label_revisions (id),
        split TEXT NOT NULL CHECK (split IN ('train', 'held_out')),
        PRIMARY KEY (snapshot_id, group_id, label_revision_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX snapshot_labels_by_revision ON snapshot_labels (label_revision_id);

    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        project_id INTEGER REFERENCES projects (id),
        kind TEXT NOT NULL CHECK (length(kind) > 0),
        snapshot_id INTEGER REFERENCES snapshots (id),
        seed INTEGER NOT NULL,
        settings TEXT NOT NULL CHECK (json_valid(settings)),
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'stopped')),
        attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
        message TEXT,
        created_at INTEGER NOT NULL,
        started_at INTEGER,
        finished_at INTEGER,
        result_policy_id INTEGER REFERENCES policies (id),
        result_reward_model_id INTEGER REFERENCES reward_models (id)
    ) STRICT;
    CREATE INDEX runs_by_project ON runs (project_id, id);
    CREATE INDEX unfinished_runs ON runs (id) WHERE state IN ('queued', 'running');

    CREATE TABLE reward_models (
        id INTEGER PRIMARY KEY,
        project_id INTEGER REFERENCES projects (id),
        name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
        path TEXT NOT NULL CHECK (length(path) > 0),
        sha256 TEXT CHECK (length(sha256) = 64),
        metrics TEXT NOT NULL CHECK (json_valid(metrics)),
        bytes INTEGER NOT NULL CHECK (bytes >= 0),
        snapshot_id INTEGER REFERENCES snapshots (id),
        run_id INTEGER UNIQUE REFERENCES runs (id),
        created_at INTEGER NOT NULL,
        pruned_at INTEGER
    ) STRICT;
    CREATE INDEX reward_models_by_project ON reward_models (project_id, id);
    """
