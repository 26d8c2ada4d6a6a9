/// Tasks, leases and labels. `tasks.label_count` counts the labels that count towards the overlap.
///
/// A label's content stands in its revisions, which are only ever added. Status of a revision: `counted`, `extra` (came
/// late, when the overlap was full), `retraction` (taken back by the person), `duplicate` (the same person answered the
/// same task again through an older lease; kept, never current). Ratings and demonstrations have their kinds already.
let migration004Labels = """
    CREATE TABLE tasks (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        group_id INTEGER NOT NULL REFERENCES response_groups (id),
        mode TEXT NOT NULL CHECK (mode IN ('ranking', 'comparison')),
        state TEXT NOT NULL CHECK (state IN ('open', 'withdrawn', 'done')),
        round INTEGER NOT NULL CHECK (round >= 0),
        overlap INTEGER NOT NULL CHECK (overlap >= 1),
        made_under_policy_id INTEGER REFERENCES policies (id),
        sampling_probability REAL CHECK (sampling_probability > 0 AND sampling_probability <= 1),
        label_count INTEGER NOT NULL DEFAULT 0 CHECK (label_count >= 0),
        created_at INTEGER NOT NULL,
        closed_at INTEGER
    ) STRICT;
    CREATE INDEX open_tasks ON tasks (project_id, label_count DESC, id) WHERE state = 'open';
    CREATE INDEX tasks_by_state ON tasks (project_id, state);
    CREATE INDEX tasks_by_group ON tasks (group_id);
    CREATE INDEX labelled_tasks ON tasks (project_id, id) WHERE label_count > 0;

    CREATE TABLE leases (
        id INTEGER PRIMARY KEY,
        token TEXT NOT NULL UNIQUE,
        task_id INTEGER NOT NULL REFERENCES tasks (id),
        user_id INTEGER NOT NULL REFERENCES users (id),
        attempt INTEGER NOT NULL CHECK (attempt >= 1),
        display_order TEXT NOT NULL CHECK (json_valid(display_order)),
        response_names TEXT NOT NULL CHECK (json_valid(response_names)),
        reopened INTEGER NOT NULL DEFAULT 0 CHECK (reopened IN (0, 1)),
        issued_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        closed_at INTEGER,
        outcome TEXT CHECK (outcome IN ('submitted', 'skipped', 'expired', 'released', 'superseded')),
        draft TEXT CHECK (draft IS NULL OR json_valid(draft)),
        draft_version INTEGER NOT NULL DEFAULT 0,
        UNIQUE (task_id, user_id, attempt),
        CHECK ((closed_at IS NULL) = (outcome IS NULL))
    ) STRICT;
    CREATE UNIQUE INDEX live_leases_by_task ON leases (task_id, user_id) WHERE closed_at IS NULL;
    CREATE INDEX live_leases_by_user ON leases (user_id) WHERE closed_at IS NULL;
    CREATE INDEX live_leases_by_expiry ON leases (expires_at) WHERE closed_at IS NULL;

    CREATE TABLE labels (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        public_id TEXT NOT NULL CHECK (length(public_id) > 0),
        task_id INTEGER NOT NULL REFERENCES tasks (id),
        user_id INTEGER NOT NULL REFERENCES users (id),
        kind TEXT NOT NULL CHECK (kind IN ('ranking', 'comparison', 'rating', 'demonstration')),
        state TEXT NOT NULL CHECK (state IN ('active', 'extra', 'retracted')),
        revision INTEGER NOT NULL CHECK (revision >= 1),
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        UNIQUE (project_id, public_id),
        UNIQUE (task_id, user_id, kind)
    ) STRICT;
    CREATE INDEX labels_by_user ON labels (user_id, project_id, changed_at, id);
    CREATE INDEX labels_by_project ON labels (project_id, id);
    CREATE INDEX labels_by_state ON labels (project_id, state);

    CREATE TABLE label_revisions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        label_id INTEGER NOT NULL REFERENCES labels (id),
        revision INTEGER NOT NULL CHECK (revision >= 1),
        status TEXT NOT NULL CHECK (status IN ('counted', 'extra', 'retraction', 'duplicate')),
        judgement TEXT NOT NULL CHECK (json_valid(judgement)),
        tied_pairs INTEGER NOT NULL CHECK (tied_pairs >= 0),
        display_order TEXT NOT NULL CHECK (json_valid(display_order)),
        lease_id INTEGER UNIQUE REFERENCES leases (id),
        issued_at INTEGER NOT NULL,
        submitted_at INTEGER NOT NULL,
        active_ms INTEGER CHECK (active_ms >= 0),
        first_action_ms INTEGER CHECK (first_action_ms >= 0),
        operations INTEGER CHECK (operations >= 0),
        UNIQUE (label_id, revision)
    ) STRICT;
    CREATE INDEX label_revisions_by_project ON label_revisions (project_id, id);
    CREATE TRIGGER label_revisions_are_never_changed BEFORE UPDATE ON label_revisions
        BEGIN SELECT RAISE (ABORT, 'label revisions are append-only'); END;
    CREATE TRIGGER label_revisions_are_never_deleted BEFORE DELETE ON label_revisions
        BEGIN SELECT RAISE (ABORT, 'label revisions are append-only'); END;

    CREATE TABLE skips (
        id INTEGER PRIMARY KEY,
        task_id INTEGER NOT NULL REFERENCES tasks (id),
        user_id INTEGER NOT NULL REFERENCES users (id),
        reason TEXT CHECK (
            reason IN ('not_my_language', 'expertise', 'unsafe', 'broken', 'identical', 'other')),
        note TEXT,
        at INTEGER NOT NULL,
        UNIQUE (task_id, user_id)
    ) STRICT;
    CREATE INDEX skips_by_user ON skips (user_id);
    """
