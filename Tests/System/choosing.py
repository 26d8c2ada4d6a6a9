"""Tasks that a reward model chooses: scored in a process of their own, kept with their probability, and counted by its inverse."""

import argparse
import json

from plumb import Report, Server

PLAIN, CHOSEN = 8, 24
RETRAIN = {"minimum_steps": 8, "epochs": 1, "evaluations": 2, "reference_samples": 16, "maximum_response_tokens": 24,
           "ensemble_members": 2, "safety_weight": 1}


def flagged(server, project, token):
    """Ranks by length, and calls the shortest response violent; the id of its task."""
    task = server.wait_for_task(project, token)
    by_length = sorted(task["responses"], key=lambda response: (len(response["text"]), response["id"]), reverse=True)
    ratings = {response["id"]: {"overall": 4, "flags": []} for response in by_length}
    ratings[by_length[-1]["id"]] = {"overall": 2, "flags": ["violent"]}
    server.post(f"/tasks/{task['lease']}/submit",
                {"ranking": {"rows": [[response["id"]] for response in by_length], "ratings": ratings}}, token=token)


def retrained(server, report, project):
    run = server.wait_for_run(server.start_run(project, "reward-model-runs", {"settings": RETRAIN}))
    report.check(f"run {run['id']} of the reward model succeeds", run["state"] == "succeeded", run.get("message") or "")
    model = next(m for m in server.get(f"/projects/{project}/reward-models") if m["id"] == run["result_reward_model"])
    return run, model


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    report = Report()
    with Server(parser.parse_args().plumb) as server:
        project, token = server.project(), server.annotator_token()
        server.call("PATCH", f"/projects/{project}", {
            "settings": {"tasks_ahead": 4, "max_tokens": 24, "held_out_share": 0.5}})
        for _ in range(PLAIN):
            flagged(server, project, token)
        _, first = retrained(server, report, project)
        server.call("PATCH", f"/projects/{project}", {
            "settings": {"choice": {"strategy": "disagreement", "candidates": 3, "random_share": 0.25}}})
        for _ in range(CHOSEN):
            flagged(server, project, token)
        words = server.get(f"/projects/{project}/sampling")["choice"] or ""
        report.check("the page says by which model tasks are chosen", first["name"] in words, words)
        with server.database() as store:
            tasks = dict(store.execute(
                "SELECT g.public_id, t.sampling_probability FROM tasks t JOIN response_groups g ON g.id = t.group_id"
                " WHERE t.label_count > 0 AND t.sampling_probability IS NOT NULL").fetchall())
            told = [value for value, in store.execute(
                "SELECT information FROM tasks WHERE sampling_probability IS NOT NULL").fetchall()]
        report.check("most tasks are chosen, each with a probability of its own",
                     len(tasks) >= CHOSEN / 2 and all(0 < p <= 1 for p in tasks.values()) and len(set(tasks.values())) > 4,
                     [round(p, 2) for p in tasks.values()])
        report.check("and with what it is expected to tell, which no order of two heads and no safety exceeds",
                     all(0 <= value <= 1.3863 for value in told) and max(told) > 0, [round(value, 4) for value in told])
        run, model = retrained(server, report, project)
        groups = [json.loads(line) for line in
                  (server.data / run["directory"] / "input" / "groups.jsonl").read_text().split("\n") if line]
        held = [group for group in groups if group["split"] == "held_out" and group["group"]["id"] in tasks]
        report.check("the run reads each chosen task's probability", {
            group["group"]["id"]: group["sampling_probability"] for group in groups if "sampling_probability" in group} == tasks,
            len(tasks))
        report.check("held-out labels count by its inverse", held and all(
            abs(label["weight"] * tasks[group["group"]["id"]] - 1) < 1e-9 for group in held for label in group["labels"]),
            [round(group["labels"][0]["weight"], 1) for group in held])
        report.check("what is learnt from does not", not any(
            "weight" in label for group in groups if group["split"] == "train" for label in group["labels"]))
        lineage = json.loads((server.data / "reward-models" / model["name"] / "plumb.json").read_text())
        report.check("the ensemble has a safety head for each member", lineage["details"]["heads"].get("safety_members") == 2,
                     lineage["details"]["heads"])
        card = server.get(f"/reward-models/{model['id']}/card")
        report.check("the card says so", any("chosen for what their labels tell" in note for note in card["notes"]),
                     card["notes"])
    report.finish()
