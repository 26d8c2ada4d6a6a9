/// When a project's questions were changed last, so that nobody's answer is taken for one to a question that came after the task.
let migration023QuestionsSince = """
    ALTER TABLE projects ADD COLUMN questions_since INTEGER NOT NULL DEFAULT 0;
    """
