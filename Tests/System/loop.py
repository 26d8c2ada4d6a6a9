"""The loop over the API: rank ten tasks, retrain, refresh, make current; the next task carries the new policy."""

import argparse
import time

from plumb import Report, Server

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    report = Report()
    with Server(parser.parse_args().plumb) as server:
        project, token = server.project(), server.annotator_token()
        for _ in range(10):
            server.rank(project, token)
        started = time.monotonic()
        reward = server.wait_for_run(server.start_run(project, "reward-model-runs"))
        seconds = time.monotonic() - started
        report.check("retraining on 10 rankings finishes within 60 s", reward["state"] == "succeeded" and seconds <= 60,
                     f"{seconds:.0f} s, {reward.get('message') or reward['state']}")
        started = time.monotonic()
        refresh = server.wait_for_run(server.start_run(project, "policy-refreshes"))
        seconds = time.monotonic() - started
        report.check("a refresh finishes within 5 minutes", refresh["state"] == "succeeded" and seconds <= 300,
                     f"{seconds:.0f} s, {refresh.get('message') or refresh['state']}")
        policy = refresh["result_policy"]
        changed = server.post(f"/projects/{project}/policies/{policy}/make-current")
        task = server.wait_for_task(project, token)
        with server.database() as store:
            newest = store.execute("SELECT policy_id FROM responses ORDER BY id DESC LIMIT 4").fetchall()
        report.check("the next tasks' responses carry the new policy in the store", (int(policy),) in newest, newest)
        report.check("making a policy current says what it withdrew", "withdrawn" in changed, changed)
        report.check("an annotator's task names no policy, seed or temperature",
                     not any(word in str(task) for word in ("policy", "seed", "temperature", "refresh")))
    report.finish()
