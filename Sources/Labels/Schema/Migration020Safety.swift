/// Prompts that are about safety: a reward model's safety head alone judges the responses to them.
let migration020Safety = """
    ALTER TABLE prompts ADD COLUMN about_safety INTEGER NOT NULL DEFAULT 0 CHECK (about_safety IN (0, 1));
    """
