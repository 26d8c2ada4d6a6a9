/// What is passed over: prompts that a lead retired, prompts that a policy cannot answer, and open tasks of policies that
/// are current no more.
let migration016PassedOver = """
    ALTER TABLE prompts ADD COLUMN retired_at INTEGER;
    CREATE INDEX retired_prompts ON prompts (project_id, use) WHERE retired_at IS NOT NULL;

    CREATE TABLE prompt_refusals (
        prompt_id INTEGER NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
        policy_id INTEGER NOT NULL REFERENCES policies (id),
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        at INTEGER NOT NULL,
        PRIMARY KEY (prompt_id, policy_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX prompt_refusals_by_policy ON prompt_refusals (policy_id, prompt_id);

    CREATE INDEX unlabelled_tasks ON tasks (project_id, made_under_policy_id) WHERE state = 'open' AND label_count = 0;
    """
