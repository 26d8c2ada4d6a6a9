/// Tasks that check the answers of a person instead of asking for a new one. They are open to nobody, so that they are handed
/// out as checks alone, and their labels may be used for nothing else (`label_use` is `none`). The answers to tasks with a
/// known answer (`practice_items` of the purpose `gold`) are labels, where those of practice are none.
let migration017Quality = """
    ALTER TABLE tasks ADD COLUMN quality_check TEXT CHECK (quality_check IN ('repeat', 'gold'));
    CREATE INDEX quality_checks ON tasks (project_id, quality_check) WHERE quality_check IS NOT NULL;
    CREATE INDEX given_back_leases ON leases (user_id, task_id) WHERE outcome IN ('released', 'expired');
    ALTER TABLE practice_items ADD COLUMN purpose TEXT NOT NULL DEFAULT 'practice'
        CHECK (purpose IN ('practice', 'gold'));
    """
