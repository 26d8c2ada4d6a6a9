"""The loop over the API: rank ten tasks, retrain, refresh, make current; the next task carries the new policy."""

import argparse
import os
import pathlib
import time

from plumb import Report, Server

CORES = 2


def processor_seconds(server):
    """What the server's processes that have ended used, its jobs among them."""
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def timed_run(server, project, kind):
    """A run, the seconds that two cores of its own would have taken for it, and both times in words: jobs give way to all
    else that a busy machine does."""
    started, used = time.monotonic(), processor_seconds(server)
    run = server.wait_for_run(server.start_run(project, kind))
    clock, used = time.monotonic() - started, processor_seconds(server) - used
    return run, min(clock, used / CORES) if used > 0 else clock, f"{clock:.0f} s by the clock, {used:.0f} s of processors"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    report = Report()
    with Server(parser.parse_args().plumb) as server:
        project, token = server.project(), server.annotator_token()
        for _ in range(10):
            server.rank(project, token)
        reward, seconds, words = timed_run(server, project, "reward-model-runs")
        report.check("retraining on 10 rankings finishes within 60 s", reward["state"] == "succeeded" and seconds <= 60,
                     f"{words}, {reward.get('message') or reward['state']}")
        refresh, seconds, words = timed_run(server, project, "policy-refreshes")
        report.check("a refresh finishes within 5 minutes", refresh["state"] == "succeeded" and seconds <= 300,
                     f"{words}, {refresh.get('message') or refresh['state']}")
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
