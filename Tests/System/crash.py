"""Power cuts: kill -9 of the server while labels are submitted, of a training job, and of both; nothing acknowledged is lost, and
runs end in the bytes of undisturbed ones.

Also reads traces of system calls: a submission is answered after its label is in the write-ahead log and the log is synced, and
what a run made has its name on the disk before the store speaks of it.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time

import sync_trace
from killed_runs import KINDS, KilledRuns, attempts, output_of, tree_digest
from plumb import Refused, Report, Server, children


def killed_server_keeps_acknowledged_labels(report, program):
    server = Server(program).start()
    acknowledged = []
    try:
        project, token = server.project(), server.annotator_token()
        for attempt in range(3):
            stop = threading.Event()

            def annotate():
                while not stop.is_set():
                    try:
                        acknowledged.append(server.rank(project, token)["submission"])
                    except (Refused, OSError, RuntimeError, ValueError, KeyError):
                        return

            worker = threading.Thread(target=annotate)
            before = len(acknowledged)
            worker.start()
            while len(acknowledged) < before + 3 + attempt and worker.is_alive():
                time.sleep(0.01)
            server.kill()
            stop.set()
            worker.join()
            server.start()
        with server.database() as store:
            stored = {row[0] for row in store.execute("SELECT id FROM labels")}
        lost = [label for label in acknowledged if label not in stored]
        report.check("every label acknowledged before kill -9 of the server is in the store", not lost and len(acknowledged) > 0,
                     f"{len(acknowledged)} acknowledged over 3 kills, {len(lost)} lost")
    finally:
        server.stop()


def each_acknowledgement_follows_an_fsync(report, program):
    if not shutil.which("strace"):
        print("skip: strace is not installed, so the order of fsync and acknowledgement is not traced")
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumb-trace-"))
    trace = folder / "trace"
    server = Server(program, wrapper=["strace", "-f", "-y", "-s", str(sync_trace.TEXT_LENGTH), "-e", f"trace={sync_trace.SYSTEM_CALLS}",
                                      "-o", str(trace)])
    server.start(timeout=600)
    try:
        project, token = server.project(), server.annotator_token()
        labels = [server.rank(project, token)["submission"] for _ in range(5)]
        with server.database() as store:
            names = dict(store.execute("SELECT id, public_id FROM labels"))
    finally:
        stop_traced(server)
    with open(trace, errors="replace") as lines:
        answers = [(label, sync_trace.is_synced(exchange, names[label])) for label, exchange in sync_trace.exchanges(lines)]
    synced = sum(is_synced for _, is_synced in answers)
    report.check("between a submission and its answer the label goes into the log, and then a sync of the log begins and ends",
                 [label for label, _ in answers] == labels and synced == len(labels),
                 f"{synced} of {len(labels)} answers, {len(answers)} found in the trace")
    shutil.rmtree(folder)


def stop_traced(server):
    """The wrapper passes SIGTERM on to nobody, so the server itself is asked."""
    for child in children(server.process.pid):
        os.kill(child, signal.SIGTERM)
    server.process.wait(60)


def an_import_is_on_the_disk_before_the_store_names_it(report, program, finished_run):
    """Lets the store of a stopped server forget what a reward model's run made, so that the next server imports it again."""
    if not shutil.which("strace"):
        print("skip: strace is not installed, so the order of renaming and fsync is not traced")
        return
    data, number = finished_run.parents[1], int(finished_run.name)
    with contextlib.closing(sqlite3.connect(data / "plumb.sqlite")) as store, store:
        store.execute("UPDATE reward_models SET run_id = NULL WHERE run_id = ?", (number,))
        store.execute("UPDATE runs SET state = 'running', finished_at = NULL, result_reward_model_id = NULL WHERE id = ?", (number,))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumb-trace-"))
    trace = folder / "trace"
    server = Server(program, data=data, arguments=(), wrapper=[
        "strace", "-f", "-y", "-e", "trace=rename,renameat,renameat2,fsync,fdatasync", "-o", str(trace)])
    server.start(timeout=600)
    try:
        state = server.wait_for_run(number)["state"]
    finally:
        stop_traced(server)
    calls = trace.read_text(errors="replace").splitlines()
    renamed = next((place for place, call in enumerate(calls) if re.search(r"rename\w*\(.*/\.arriving-reward-", call)), None)
    # The thread's next call: nothing is written by it in between, and so nothing in the store either. Where another thread comes
    # between, the rename's own end stands on a line of its own.
    after = [] if renamed is None else [call for call in calls[renamed + 1:]
                                        if call.split()[0] == calls[renamed].split()[0] and " resumed>" not in call]
    report.check("what a run made has its name on the disk before the store speaks of it",
                 state == "succeeded" and after and re.search(r"fsync\(\d+<[^>]*/reward-models>", after[0]) is not None,
                 after[0] if after else state)
    shutil.rmtree(folder)


def killed_job_resumes_to_the_same_bytes(report, program, finished_run):
    """Repeats a finished run from its input alone: once killed on the way, as often as it leaves a checkpoint."""
    killed = pathlib.Path(tempfile.mkdtemp(prefix="plumb-resume-")) / finished_run.name
    shutil.copytree(finished_run / "input", killed / "input")
    kills, ended = 0, None
    while ended is None and kills < 4:
        job = subprocess.Popen([program, "run-job", str(killed)])
        attempt = killed / "attempts" / str(kills + 1)
        while job.poll() is None and not list(attempt.glob("checkpoints/step-*")):
            time.sleep(0.01)
        ended = job.poll()
        if ended is None:
            job.kill()
            job.wait()
            kills += 1
    if ended is None:
        ended = subprocess.run([program, "run-job", str(killed)]).returncode
    same = ended == 0 and tree_digest(output_of(killed)) == tree_digest(output_of(finished_run))
    report.check(f"a {kind(finished_run)} job killed with -9 resumes to the bytes of an undisturbed one", same and kills > 0,
                 f"{kills} kills, exit {ended}")


def undisturbed_runs_make_the_same_bytes(report, program, finished_run):
    """Fresh processes from the run's input alone, with one thread and with two."""
    for threads in (1, 2):
        again = pathlib.Path(tempfile.mkdtemp(prefix="plumb-threads-")) / finished_run.name
        shutil.copytree(finished_run / "input", again / "input")
        ended = subprocess.run([program, "run-job", str(again)], env={**os.environ, "PLUMB_THREADS": str(threads)}).returncode
        same = ended == 0 and tree_digest(output_of(again)) == tree_digest(output_of(finished_run))
        report.check(f"an undisturbed {kind(finished_run)} run in a fresh process with PLUMB_THREADS={threads} makes the same bytes", same)


def kind(run):
    return json.loads((run / "input" / "run.json").read_text())["kind"]


def every_kind_of_run_survives_random_kills(report, program, times):
    """A handful of moments; `scripts/bench crashes` takes fifty."""
    runs = KilledRuns(program, tempfile.mkdtemp(prefix="plumb-killed-"))
    seed = int(time.time())
    print(f"random kills with seed {seed}", flush=True)
    for kind in KINDS:
        killed = list(runs.kills(kind, times, seed=seed))
        moments = ", ".join(f"{one['processor_seconds']} s (step {one['killed_at_step']})" for one in killed)
        report.check(f"a {kind} run killed at {times} random moments ends in the bytes of an undisturbed one",
                     all(one["same_bytes"] for one in killed), moments)
        interval = runs.interval(kind)
        if interval:
            report.check(f"it repeats at most the {interval} steps between two checkpoints",
                         all(one["steps_twice"] <= interval for one in killed), [one["steps_twice"] for one in killed])


class Annotator(threading.Thread):
    """Ranks some tasks a second, across restarts of the server; keeps what was acknowledged, and what a living server refused."""

    def __init__(self, server, project, token):
        super().__init__()
        self.server, self.project, self.token = server, project, token
        self.acknowledged, self.refused = [], []
        self.ending = threading.Event()

    def run(self):
        # A pause, so that sampling new tasks leaves the run some of the machine.
        while not self.ending.wait(0.3):
            try:
                self.acknowledged.append(self.server.rank(self.project, self.token)["submission"])
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.05)  # The server is dead, or died in the middle of its answer.
            except (Refused, RuntimeError) as error:
                self.refused.append(str(error))
                time.sleep(0.5)

    def wait_for(self, more, timeout=600):
        """Until so many more labels are acknowledged than now."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + timeout
        while len(self.acknowledged) < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{more} labels took over {timeout} s; refused: {self.refused[-3:]}")
            time.sleep(0.01)

    def end(self):
        self.ending.set()
        self.join()


def wait_for_checkpoint(attempt, timeout=1200):
    """Until an attempt has left a checkpoint; whether it was still at work then."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if (attempt / "RESULT.json").exists():
            return False
        if list(attempt.glob("checkpoints/step-*")):
            return True
        time.sleep(0.01)
    raise RuntimeError(f"{attempt} left no checkpoint in {timeout} s")


def kill_job(attempt):
    """Kills the process that holds an attempt's lock; whether there was one at work."""
    job = int(re.search(r"\d+", (attempt / "lock").read_text()).group())
    try:
        is_job = str(attempt.parents[1]) in pathlib.Path(f"/proc/{job}/cmdline").read_text()
    except FileNotFoundError:
        return False
    if is_job:
        os.kill(job, signal.SIGKILL)
    return is_job


def labels_and_runs_survive_kills(report, program):
    """Retrains and refreshes while somebody ranks. During each run the server is killed, then the job, then both at once, as by
    a power cut. Returns the run folders.
    """
    server = Server(program).start()
    annotator = None
    try:
        project, token = server.project(), server.annotator_token()
        for _ in range(10):
            server.rank(project, token)
        annotator = Annotator(server, project, token)
        annotator.start()
        folders = []
        # Short runs with frequent checkpoints: what is tested is their endings, not their results. Long enough for three kills, each
        # after three more labels, also where the machine trains several times faster than two cores of today do.
        settings = {"reward-model-runs": {"minimum_steps": 400, "checkpoint_every": 10},
                    "policy-refreshes": {"iterations": 8, "checkpoint_every": 1, "settling_rollouts": 1}}
        for start in settings:
            run = server.start_run(project, start, {"seed": 7, "settings": settings[start]})
            folder, killed = server.data / "runs" / str(run), []
            for victims, number in (("server", "1"), ("job", "1"), ("server and job", "2")):
                annotator.wait_for(3)
                attempt = folder / "attempts" / number
                if not wait_for_checkpoint(attempt) or ("job" in victims and not kill_job(attempt)):
                    break
                if "server" in victims:
                    server.kill()
                    server.start()
                killed.append(victims)
            status = server.wait_for_run(run)
            report.check(f"a run started by {start} finishes although kill -9 hit the server, its job, and both at once",
                         status["state"] == "succeeded" and len(killed) == 3,
                         f"{status.get('message') or status['state']}; killed: {killed}, attempts: {len(attempts(folder))}")
            folders.append(folder)
        annotator.end()
        with server.database() as store:
            stored = {row[0] for row in store.execute("SELECT id FROM labels WHERE state = 'active'")}
        lost = [label for label in annotator.acknowledged if label not in stored]
        report.check("every label acknowledged meanwhile is in the store", not lost and len(annotator.acknowledged) >= 18,
                     f"{len(annotator.acknowledged)} acknowledged, {len(lost)} lost")
        report.check("nobody who ranks meanwhile is refused", not annotator.refused, annotator.refused[:3])
        return folders
    finally:
        if annotator:
            annotator.ending.set()
        server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.plumb).resolve())
    report = Report()
    killed_server_keeps_acknowledged_labels(report, program)
    each_acknowledgement_follows_an_fsync(report, program)
    finished_runs = labels_and_runs_survive_kills(report, program)
    an_import_is_on_the_disk_before_the_store_names_it(report, program, finished_runs[0])
    for finished in finished_runs:
        undisturbed_runs_make_the_same_bytes(report, program, finished)
        killed_job_resumes_to_the_same_bytes(report, program, finished)
    every_kind_of_run_survives_random_kills(report, program, times=3)
    report.finish()
