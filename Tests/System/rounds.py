"""Three rounds of the loop over HTTP alone: label by the API, retrain, refresh, make current. Each round's reward model reads
all labels so far, each refresh goes on from the policy before, and the next tasks carry the new one."""

import argparse
import json
import time

from plumb import Report, Server

ROUNDS = 3
LABELS = 4
# Small enough for a minute; how well it learns is asked elsewhere.
RETRAIN = {"minimum_steps": 8, "epochs": 1, "evaluations": 2, "reference_samples": 16, "maximum_response_tokens": 24}
REFRESH = {"iterations": 2, "prompts_per_iteration": 4, "minibatches": 2, "maximum_tokens": 24, "settling_rollouts": 0,
           "rollouts_judged": 1, "value_warm_up_epochs": 1}


def succeeded(report, server, project, kind, settings):
    run = server.wait_for_run(server.start_run(project, kind, {"settings": settings}))
    report.check(f"run {run['id']} of {kind} succeeds", run["state"] == "succeeded", run.get("message") or run["state"])
    return run


def newest(server, project):
    """The round, the policies of the responses, and the policy under which it was made, of the newest open task."""
    with server.database() as store:
        task, group, made = store.execute(
            "SELECT t.round, t.group_id, t.made_under_policy_id FROM tasks t WHERE t.state = 'open' AND project_id = ?"
            " ORDER BY t.id DESC LIMIT 1", (project,)).fetchone()
        policies = store.execute("SELECT DISTINCT policy_id FROM responses WHERE group_id = ?", (group,)).fetchall()
    return task, {policy for policy, in policies}, made


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    report = Report()
    started = time.monotonic()
    with Server(parser.parse_args().plumb) as server:
        project, token = server.project(), server.annotator_token()
        server.call("PATCH", f"/projects/{project}", {"settings": {"tasks_ahead": LABELS, "max_tokens": 24}})
        about = server.get(f"/projects/{project}")
        first = current = about["current_policy"]
        # The demo's mix has an early policy besides the current one.
        besides = {part["policy"]["id"] for part in about["settings"]["mix"] if part["policy"]["kind"] == "policy"}
        snapshots = []
        for number in range(1, ROUNDS + 1):
            for _ in range(LABELS):
                server.rank(project, token)
            reward = succeeded(report, server, project, "reward-model-runs", RETRAIN)
            model = next(m for m in server.get(f"/projects/{project}/reward-models") if m["id"] == reward["result_reward_model"])
            report.check(f"round {number}: the reward model learnt from all labels so far",
                         model["metrics"]["training_labels"] + model["metrics"]["held_out_labels"] == number * LABELS,
                         model["metrics"]["training_labels"])
            groups = [json.loads(line) for line in
                      (server.data / reward["directory"] / "input" / "groups.jsonl").read_text().split("\n") if line]
            snapshots.append({label["label_id"] for group in groups for label in group["labels"]})
            refresh = succeeded(report, server, project, "policy-refreshes", REFRESH)
            parents = {parent["role"]: parent["id"] for parent in refresh["parents"] if parent["kind"] != "snapshot"}
            report.check(f"round {number}: the refresh goes on from the current policy, held to the first",
                         parents == {"base": current, "reference": first, "reward-model": model["id"]}, parents)
            policy = refresh["result_policy"]
            changed = server.post(f"/projects/{project}/policies/{policy}/make-current")
            report.check(f"round {number}: making the policy current withdraws the former one's tasks",
                         "withdrawn" in changed, changed)
            task = server.wait_for_task(project, token)
            server.post(f"/tasks/{task['lease']}/release", token=token)
            round_, policies, made = newest(server, project)
            report.check(f"round {number}: the next task's responses are the new policy's",
                         policies - besides == {policy} and made == policy and round_ == number, (round_, policies, made))
            current = policy
        report.check("each round's labels hold those of the rounds before",
                     all(one < two for one, two in zip(snapshots, snapshots[1:])), [len(s) for s in snapshots])
        native = [json.loads(line) for line in server.get(f"/projects/{project}/export", query={"format": "native"}).split("\n") if line]
        rounds = [line["round"] for line in native]
        report.check("the export says of which round each label is", rounds == [r for r in range(ROUNDS) for _ in range(LABELS)],
                     rounds)
        with server.database() as store:
            early = {name for id, name in store.execute("SELECT id, name FROM policies") if id in besides}
        names = [{response["policy"] for response in line["responses"]} - early for line in native]
        report.check("and each round's labels are of one policy's responses, another one each round",
                     all(len(name) == 1 for name in names) and len(set().union(*names)) == ROUNDS, set().union(*names))
    print(f"{ROUNDS} rounds in {time.monotonic() - started:.0f} s")
    report.finish()
