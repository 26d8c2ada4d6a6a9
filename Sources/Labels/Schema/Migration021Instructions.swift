/// Instruction sets: files of prompts with the answers to learn, beside what the project's people write. A set is entered
/// whole and never changed; `number` counts its instructions from 1.
let migration021Instructions = """
    CREATE TABLE instruction_sets (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL REFERENCES projects (id),
        name TEXT NOT NULL CHECK (length(name) > 0),
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        instruction_count INTEGER NOT NULL CHECK (instruction_count >= 1),
        imported_by TEXT NOT NULL,
        imported_at INTEGER NOT NULL,
        retired_at INTEGER,
        UNIQUE (project_id, sha256)
    ) STRICT;

    CREATE TABLE instructions (
        id INTEGER PRIMARY KEY,
        set_id INTEGER NOT NULL REFERENCES instruction_sets (id),
        number INTEGER NOT NULL CHECK (number >= 1),
        prompt TEXT NOT NULL CHECK (json_valid(prompt)),
        prompt_hash BLOB NOT NULL CHECK (length(prompt_hash) = 32),
        response TEXT NOT NULL CHECK (length(response) > 0),
        UNIQUE (set_id, number)
    ) STRICT;
    CREATE INDEX instructions_by_prompt ON instructions (prompt_hash, set_id);
    CREATE TRIGGER instructions_are_never_changed BEFORE UPDATE ON instructions
        BEGIN SELECT RAISE (ABORT, 'instructions are append-only'); END;
    CREATE TRIGGER instructions_are_never_deleted BEFORE DELETE ON instructions
        BEGIN SELECT RAISE (ABORT, 'instructions are append-only'); END;

    CREATE TABLE snapshot_instruction_sets (
        snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
        set_id INTEGER NOT NULL REFERENCES instruction_sets (id),
        PRIMARY KEY (snapshot_id, set_id)
    ) STRICT, WITHOUT ROWID;
    """
