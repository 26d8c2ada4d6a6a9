/// Comparisons that prefer none because both are unacceptable, counted apart from ties.
let migration007Answers = """
    ALTER TABLE label_revisions ADD COLUMN both_unacceptable INTEGER NOT NULL DEFAULT 0
        CHECK (both_unacceptable IN (0, 1));
    """
