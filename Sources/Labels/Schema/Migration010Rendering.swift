/// Texts are shown as Markdown in new projects; those that were made before go on showing them as they were written.
let migration010Rendering = """
    UPDATE projects SET settings = json_set(settings, '$.rendering', 'plain')
    WHERE json_extract(settings, '$.rendering') IS NULL;
    """
