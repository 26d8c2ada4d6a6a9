/// Standard evaluations of policies: one row a task file and figure, with every item's score, so that two policies can be
/// compared item by item.
let migration013Evaluations = """
    CREATE TABLE evaluations (
        id INTEGER PRIMARY KEY,
        policy_id INTEGER NOT NULL REFERENCES policies (id),
        task TEXT NOT NULL CHECK (length(task) > 0),
        task_sha256 TEXT NOT NULL CHECK (length(task_sha256) = 64),
        figure TEXT NOT NULL CHECK (length(figure) > 0),
        scores TEXT NOT NULL CHECK (json_valid(scores) AND json_array_length(scores) > 0),
        measured_by TEXT NOT NULL,
        measured_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX evaluations_by_policy ON evaluations (policy_id, task_sha256, figure, id);
    """
