/// Projects, policies, which policy was current when, and what each policy, reward model and run was made from.
let migration002Projects = """
    CREATE TABLE projects (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (length(trim(name)) BETWEEN 1 AND 200),
        settings TEXT NOT NULL CHECK (json_valid(settings)),
        paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
        reference_policy_id INTEGER REFERENCES policies (id),
        created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE policies (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
        version INTEGER NOT NULL CHECK (version >= 1),
        kind TEXT NOT NULL CHECK (kind IN ('base', 'supervised', 'refreshed', 'foreign')),
        path TEXT NOT NULL CHECK (length(path) > 0),
        sha256 TEXT CHECK (length(sha256) = 64),
        metrics TEXT NOT NULL CHECK (json_valid(metrics)),
        bytes INTEGER NOT NULL CHECK (bytes >= 0),
        project_id INTEGER REFERENCES projects (id),
        run_id INTEGER UNIQUE REFERENCES runs (id),
        created_at INTEGER NOT NULL,
        pruned_at INTEGER
    ) STRICT;

    CREATE TABLE current_policies (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        policy_id INTEGER NOT NULL REFERENCES policies (id),
        since INTEGER NOT NULL,
        until INTEGER CHECK (until IS NULL OR until >= since),
        made_by TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX one_current_policy ON current_policies (project_id) WHERE until IS NULL;
    CREATE INDEX current_policies_by_project ON current_policies (project_id, id);

    CREATE TABLE lineage (
        child_kind TEXT NOT NULL CHECK (child_kind IN ('policy', 'reward_model', 'run')),
        child_id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        role TEXT NOT NULL,
        parent_kind TEXT NOT NULL CHECK (parent_kind IN ('policy', 'reward_model', 'snapshot')),
        parent_id INTEGER NOT NULL,
        PRIMARY KEY (child_kind, child_id, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lineage_by_parent ON lineage (parent_kind, parent_id);
    """
