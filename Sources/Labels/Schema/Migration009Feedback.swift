/// Feedback besides rankings and comparisons, conversations, practice.
///
/// A task's group has no response where the answer is written from nothing, and one where one is judged or corrected.
/// The words that four checks allow are changed in place, as SQLite's documentation of ALTER TABLE describes for changes
/// that touch no stored row ("Making Other Kinds Of Table Schema Changes"): the tables keep every column and index that
/// other migrations gave them.
let migration009Feedback = """
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (mode IN (''ranking'', ''comparison''))',
        'CHECK (mode IN (''ranking'', ''comparison'', ''demonstration'', ''correction'', ''rating'', ''criticism'', ''prompt''))')
        WHERE type = 'table' AND name = 'tasks';
    UPDATE sqlite_schema SET sql = replace(sql,
        'CHECK (kind IN (''ranking'', ''comparison'', ''rating'', ''demonstration''))',
        'CHECK (kind IN (''ranking'', ''comparison'', ''demonstration'', ''correction'', ''rating'', ''criticism'', ''prompt''))')
        WHERE type = 'table' AND name = 'labels';
    UPDATE sqlite_schema SET sql = replace(sql,
        'CHECK (use IN (''supervised'', ''ranking'', ''ppo'', ''held_out''))',
        'CHECK (use IN (''supervised'', ''ranking'', ''ppo'', ''held_out'', ''writing''))')
        WHERE type = 'table' AND name = 'prompts';
    UPDATE sqlite_schema SET sql = replace(replace(sql, 'CHECK (k >= 2)', 'CHECK (k >= 0)'),
        'CHECK (origin IN (''sampled'', ''imported''))', 'CHECK (origin IN (''sampled'', ''imported'', ''written''))')
        WHERE type = 'table' AND name = 'response_groups';
    PRAGMA writable_schema = RESET;

    ALTER TABLE tasks ADD COLUMN style TEXT CHECK (style IN ('plain', 'few_shot', 'use_case'));
    ALTER TABLE labels ADD COLUMN derived_from INTEGER REFERENCES labels (id);
    CREATE INDEX derived_labels ON labels (derived_from) WHERE derived_from IS NOT NULL;
    ALTER TABLE prompts ADD COLUMN author_id INTEGER REFERENCES users (id);
    ALTER TABLE prompts ADD COLUMN label_id INTEGER REFERENCES labels (id);
    CREATE INDEX prompts_by_label ON prompts (label_id) WHERE label_id IS NOT NULL;
    ALTER TABLE snapshots ADD COLUMN subject TEXT NOT NULL DEFAULT 'preferences'
        CHECK (subject IN ('preferences', 'demonstrations'));
    CREATE INDEX labels_by_kind ON labels (project_id, kind, id);

    CREATE TABLE conversations (
        id INTEGER PRIMARY KEY,
        token TEXT NOT NULL UNIQUE,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        user_id INTEGER NOT NULL REFERENCES users (id),
        started_at INTEGER NOT NULL,
        finished_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX one_open_conversation ON conversations (project_id, user_id) WHERE finished_at IS NULL;

    CREATE TABLE conversation_turns (
        id INTEGER PRIMARY KEY,
        conversation_id INTEGER NOT NULL REFERENCES conversations (id),
        number INTEGER NOT NULL CHECK (number >= 1),
        prompt_id INTEGER NOT NULL REFERENCES prompts (id),
        task_id INTEGER UNIQUE REFERENCES tasks (id),
        problem TEXT,
        asked_at INTEGER NOT NULL,
        answered_at INTEGER,
        UNIQUE (conversation_id, number),
        CHECK ((task_id IS NULL) = (answered_at IS NULL))
    ) STRICT;

    CREATE TABLE practice_items (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        task_id INTEGER NOT NULL UNIQUE REFERENCES tasks (id),
        expected TEXT NOT NULL CHECK (json_valid(expected)),
        explanation TEXT NOT NULL CHECK (length(explanation) > 0),
        created_at INTEGER NOT NULL,
        retired_at INTEGER
    ) STRICT;
    CREATE INDEX practice_items_by_project ON practice_items (project_id, id);

    CREATE TABLE practice_answers (
        id INTEGER PRIMARY KEY,
        item_id INTEGER NOT NULL REFERENCES practice_items (id),
        user_id INTEGER NOT NULL REFERENCES users (id),
        round INTEGER NOT NULL CHECK (round >= 1),
        lease_id INTEGER NOT NULL UNIQUE REFERENCES leases (id),
        answer TEXT NOT NULL CHECK (json_valid(answer)),
        is_right INTEGER NOT NULL CHECK (is_right IN (0, 1)),
        at INTEGER NOT NULL,
        UNIQUE (item_id, user_id, round)
    ) STRICT;

    CREATE TABLE practice_passes (
        project_id INTEGER NOT NULL REFERENCES projects (id),
        user_id INTEGER NOT NULL REFERENCES users (id),
        at INTEGER NOT NULL,
        PRIMARY KEY (project_id, user_id)
    ) STRICT, WITHOUT ROWID;
    """
