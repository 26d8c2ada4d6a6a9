/// Comparisons by which people decide whether a policy goes live, and what their labels may be used for.
///
/// A pair without a task is one whose two responses have the same text: a tie that nobody needs to look at. A task's
/// `label_use` is nil where it is like any other, and `priority` puts tasks before others.
let migration011Promotions = """
    CREATE TABLE promotions (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        candidate_id INTEGER NOT NULL REFERENCES policies (id),
        incumbent_id INTEGER NOT NULL REFERENCES policies (id),
        temperature REAL NOT NULL CHECK (temperature >= 0),
        worthwhile REAL NOT NULL CHECK (worthwhile >= 0.5 AND worthwhile < 1),
        pairs_wanted INTEGER NOT NULL CHECK (pairs_wanted >= 1),
        seed INTEGER NOT NULL,
        label_use TEXT NOT NULL CHECK (label_use IN ('none', 'measure', 'learn')),
        started_by TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        decision TEXT CHECK (decision IN ('promote', 'discard')),
        advice TEXT CHECK (advice IN ('promote', 'keep_labelling', 'discard')),
        decided_by TEXT,
        decided_at INTEGER,
        CHECK (candidate_id <> incumbent_id),
        CHECK ((decision IS NULL) = (decided_at IS NULL))
    ) STRICT;
    CREATE UNIQUE INDEX one_open_promotion ON promotions (project_id, candidate_id) WHERE decision IS NULL;
    CREATE INDEX promotions_by_project ON promotions (project_id, id);

    CREATE TABLE promotion_pairs (
        promotion_id INTEGER NOT NULL REFERENCES promotions (id),
        prompt_id INTEGER NOT NULL REFERENCES prompts (id),
        task_id INTEGER UNIQUE REFERENCES tasks (id),
        made_at INTEGER NOT NULL,
        PRIMARY KEY (promotion_id, prompt_id)
    ) STRICT, WITHOUT ROWID;

    ALTER TABLE tasks ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE tasks ADD COLUMN label_use TEXT CHECK (label_use IN ('none', 'measure', 'learn'));
    DROP INDEX open_tasks;
    CREATE INDEX open_tasks ON tasks (project_id, priority DESC, label_count DESC, id)
        WHERE state = 'open' AND review_since IS NULL;
    """
