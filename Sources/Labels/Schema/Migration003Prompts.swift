/// What is answered, and the answers. Token ids are 32-bit little-endian integers.
let migration003Prompts = """
    CREATE TABLE prompts (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        kind TEXT NOT NULL CHECK (kind IN ('text', 'few_shot', 'messages')),
        content TEXT NOT NULL CHECK (json_valid(content)),
        use TEXT NOT NULL CHECK (use IN ('supervised', 'ranking', 'ppo', 'held_out')),
        content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
        group_count INTEGER NOT NULL DEFAULT 0 CHECK (group_count >= 0),
        created_at INTEGER NOT NULL,
        UNIQUE (project_id, content_hash)
    ) STRICT;
    CREATE INDEX prompts_by_use ON prompts (project_id, use, group_count, id);
    CREATE INDEX prompts_by_project ON prompts (project_id, id);

    CREATE TABLE response_groups (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        public_id TEXT NOT NULL CHECK (length(public_id) > 0),
        prompt_id INTEGER NOT NULL REFERENCES prompts (id),
        k INTEGER NOT NULL CHECK (k >= 2),
        content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
        origin TEXT NOT NULL CHECK (origin IN ('sampled', 'imported')),
        created_at INTEGER NOT NULL,
        UNIQUE (project_id, public_id)
    ) STRICT;
    CREATE INDEX response_groups_by_prompt ON response_groups (prompt_id);
    CREATE INDEX response_groups_by_content ON response_groups (project_id, content_hash);

    CREATE TABLE responses (
        id INTEGER PRIMARY KEY,
        group_id INTEGER NOT NULL REFERENCES response_groups (id),
        position INTEGER NOT NULL CHECK (position >= 0),
        public_id TEXT NOT NULL CHECK (length(public_id) > 0),
        text TEXT NOT NULL,
        token_ids BLOB CHECK (length(token_ids) % 4 = 0),
        token_ids_source TEXT CHECK (token_ids_source IN ('own', 'retokenised')),
        policy_id INTEGER REFERENCES policies (id),
        policy_name TEXT,
        seed INTEGER,
        temperature REAL CHECK (temperature >= 0),
        log_probability REAL,
        finished INTEGER CHECK (finished IN (0, 1)),
        UNIQUE (group_id, position),
        UNIQUE (group_id, public_id),
        CHECK (token_ids IS NOT NULL OR token_ids_source IS NULL)
    ) STRICT;
    CREATE INDEX responses_by_policy ON responses (policy_id) WHERE policy_id IS NOT NULL;
    """
