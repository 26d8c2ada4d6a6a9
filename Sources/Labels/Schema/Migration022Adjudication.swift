/// A lead's answer to a task that others answered: a task of its own about the same responses, open to nobody, so that it
/// stands beside their answers and never in their place. `adjudicates` is the task that it decides.
let migration022Adjudication = """
    ALTER TABLE tasks ADD COLUMN adjudicates INTEGER REFERENCES tasks (id);
    CREATE UNIQUE INDEX adjudications ON tasks (adjudicates) WHERE adjudicates IS NOT NULL;
    """
