/// Tasks fetched ahead, what an answer took, tasks that several people skipped, and responses that name a model.
///
/// `leases.ahead`: fetched before it is shown; its time starts when it is. `label_revisions.effort`: JSON by response.
/// `tasks.review_since`: a lead decides about it, and it is handed to nobody; `reviewed_at`: skips before it are settled.
/// `tasks.identity_words`: names of models in the responses' texts; NULL where nobody has looked yet. `message_drafts`: what
/// somebody is writing in a conversation; their drafts of tasks stand in `leases`.
let migration008Workplace = """
    ALTER TABLE leases ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0 CHECK (ahead IN (0, 1));
    ALTER TABLE label_revisions ADD COLUMN effort TEXT CHECK (effort IS NULL OR json_valid(effort));
    ALTER TABLE tasks ADD COLUMN review_since INTEGER;
    ALTER TABLE tasks ADD COLUMN reviewed_at INTEGER;
    ALTER TABLE tasks ADD COLUMN identity_words TEXT CHECK (identity_words IS NULL OR json_valid(identity_words));

    DROP INDEX open_tasks;
    CREATE INDEX open_tasks ON tasks (project_id, label_count DESC, id)
        WHERE state = 'open' AND review_since IS NULL;
    CREATE INDEX tasks_in_review ON tasks (project_id, review_since) WHERE state = 'open' AND review_since IS NOT NULL;
    CREATE INDEX tasks_with_identity_words ON tasks (project_id) WHERE identity_words <> '[]';

    CREATE TABLE message_drafts (
        project_id INTEGER NOT NULL REFERENCES projects (id),
        user_id INTEGER NOT NULL REFERENCES users (id),
        draft TEXT NOT NULL CHECK (json_valid(draft)),
        version INTEGER NOT NULL CHECK (version >= 1),
        PRIMARY KEY (project_id, user_id)
    ) STRICT, WITHOUT ROWID;
    """
