/// People, the ways in which they prove who they are, and who did what. Times are milliseconds since 1970.
let migration001People = """
    CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        handle TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (length(trim(name)) BETWEEN 1 AND 100),
        role TEXT NOT NULL CHECK (role IN ('annotator', 'lead')),
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        password_hash TEXT,
        created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE links (
        id INTEGER PRIMARY KEY,
        secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
        role TEXT CHECK (role IN ('annotator', 'lead')),
        user_id INTEGER REFERENCES users (id),
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        used_at INTEGER,
        used_by INTEGER REFERENCES users (id),
        CHECK ((role IS NULL) <> (user_id IS NULL))
    ) STRICT;

    CREATE TABLE web_sessions (
        token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
        user_id INTEGER NOT NULL REFERENCES users (id),
        started_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX web_sessions_by_user ON web_sessions (user_id);

    CREATE TABLE api_tokens (
        id INTEGER PRIMARY KEY,
        secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
        user_id INTEGER NOT NULL REFERENCES users (id),
        role TEXT NOT NULL CHECK (role IN ('annotator', 'lead')),
        label TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        revoked_at INTEGER
    ) STRICT;

    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        user_id INTEGER REFERENCES users (id),
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        details TEXT NOT NULL
    ) STRICT;
    """
