"""Every form of export, loaded with `datasets` as TRL's scripts load their files: rankings, graded comparisons, written answers."""

import json

from datasets import load_dataset

PAIRS = ("trl", "trl-implicit", "trl-conversational", "trl-conversational-implicit")
# Margins of the grades in thirds; TRL's trainers read the field `margin`.
GRADES = {"significantly": 3, "better": 2, "slightly": 1, "negligibly": 0}


class Exports:
    """Exports of one server, each loaded from a file of its own."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder

    def rows(self, project, form, **options):
        file = self.folder / ("-".join([str(project), form, *options.values()]) + ".jsonl")
        file.write_text(self.server.get(f"/projects/{project}/export", query={"format": form, **options}))
        return load_dataset("json", data_files=str(file), split="train", cache_dir=str(self.folder / "cache"))


def store_counts(server, project):
    """Counts from the store's own tables: active labels, and the strict pairs of their newest rankings."""
    with server.database() as store:
        rows = store.execute(
            "SELECT r.judgement FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision "
            "WHERE l.project_id = ? AND l.state = 'active'", (project,)).fetchall()
    pairs = 0
    for (content,) in rows:
        sizes = [len(row) for row in json.loads(content)["ranking"]["rows"]]
        pairs += sum(sizes[i] * sum(sizes[i + 1:]) for i in range(len(sizes)))
    return len(rows), pairs


def rankings_load(report, exports, project):
    labels, pairs = store_counts(exports.server, project)
    for form in ("native", *PAIRS):
        rows = exports.rows(project, form)
        expected = labels if form == "native" else pairs
        report.check(f"export {form} loads with datasets, one row a {'label' if form == 'native' else 'strict pair'}",
                     len(rows) == expected, f"{len(rows)} rows, the store has {expected}; columns {rows.column_names}")


def comparisons_load(report, exports):
    """One comparison of each grade and a tie, over the API; the preferred text names its grade."""
    server = exports.server
    project = server.post("/projects", {"name": "Pairs", "settings": {"mode": "comparison", "tie": True}})["id"]
    token = server.annotator_token()
    groups = [{"prompt": f"Prompt {grade}", "responses": [f"the {grade} one", "the other"]} for grade in [*GRADES, "tie"]]
    server.post(f"/projects/{project}/groups", "".join(json.dumps(group) + "\n" for group in groups))
    for _ in groups:
        task = server.wait_for_task(project, token)
        grade = task["prompt"]["text"].removeprefix("Prompt ")
        ids = [one["id"] for one in sorted(task["responses"], key=lambda one: one["text"] == "the other")]
        answer = {"responses": ids, "verdict": "tie"} if grade == "tie" else {"winner": ids[0], "loser": ids[1], "grade": grade}
        server.post(f"/tasks/{task['lease']}/submit", {"comparison": answer}, token=token)
    native = exports.rows(project, "native")
    report.check("export native of comparisons loads with datasets, one row a label", len(native) == len(groups), native.column_names)
    for form in PAIRS:
        for scale, unit in (("small", 1 / 3), ("large", 1)):
            rows = exports.rows(project, form, margin=scale)
            wrong = [row for row in rows if abs(row["margin"] - unit * graded(row["chosen"])) > 1e-6]
            report.check(f"export {form} of comparisons with margin={scale} loads with the margin of each grade, the tie left out",
                         len(rows) == len(GRADES) and not wrong, sorted(row["margin"] for row in rows))


def graded(chosen):
    """What the grade that a preferred text names stands for, in whichever form the text is."""
    text = chosen if isinstance(chosen, str) else chosen[-1]["content"]
    return next(thirds for grade, thirds in GRADES.items() if f"the {grade} one" in text)


def demonstrations_load(report, exports, policy):
    server, written = exports.server, {}
    project = server.post("/projects", {"name": "Written", "settings": {"feedback": {"shares": {"demonstration": 100}}}})["id"]
    server.post(f"/projects/{project}/policies/{policy}/make-current")
    server.call("POST", f"/projects/{project}/prompts", "Name a tree.\nName a \"bird\".\nName a fish.\n",
                query={"use": "supervised", "format": "text"})
    token = server.annotator_token()
    for _ in range(3):
        task = server.wait_for_task(project, token)
        text = f"My answer,\nin two lines: {task['prompt']['text']} ✓"
        written[task["prompt"]["text"]] = text
        server.post(f"/tasks/{task['lease']}/submit", {"feedback": {"kind": "demonstration", "text": text}}, token=token)
    rows = exports.rows(project, "demonstrations")
    report.check("export demonstrations loads with datasets, one row a written answer",
                 {row["prompt"]["text"]: row["response"] for row in rows} == written and len(rows) == 3, rows.column_names)
    rows = exports.rows(project, "trl-prompt-completion")
    found = {row["prompt"][-1]["content"]: row["completion"][0]["content"] for row in rows}
    roles = {(row["prompt"][-1]["role"], row["completion"][0]["role"]) for row in rows}
    report.check("export trl-prompt-completion loads with datasets, one row of messages a written answer",
                 found == written and roles == {("user", "assistant")} and len(rows) == 3, rows.column_names)


def check(report, server, folder):
    exports = Exports(server, folder)
    demo = next(project for project in server.get("/projects") if project["name"] == "Demo")
    rankings_load(report, exports, demo["id"])
    comparisons_load(report, exports)
    demonstrations_load(report, exports, demo["current_policy"])
