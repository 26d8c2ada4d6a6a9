/// Tasks that are chosen for what they tell: how often each prompt was considered, and what a task was expected to tell,
/// in nats. The probability of the choice has its column already.
let migration015Choices = """
    ALTER TABLE prompts ADD COLUMN considered INTEGER NOT NULL DEFAULT 0 CHECK (considered >= 0);
    CREATE INDEX prompts_by_consideration ON prompts (project_id, use, considered, id);
    ALTER TABLE tasks ADD COLUMN information REAL CHECK (information >= 0);
    """
