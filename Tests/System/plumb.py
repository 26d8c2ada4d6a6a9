"""Starts a real Plumb server on a free port and speaks its API. Standard library only."""

import http.client
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Refused(Exception):
    """An answer of 400 or above."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Server:
    """One `plumb serve` process over one data folder; `stop`, `kill` and `start` again as a test likes."""

    def __init__(self, program, data=None, arguments=("--demo",), wrapper=()):
        self.program = str(pathlib.Path(program).resolve())
        self.data = pathlib.Path(data) if data else pathlib.Path(tempfile.mkdtemp(prefix="plumb-test-")) / "data"
        self.arguments = list(arguments)
        self.wrapper = list(wrapper)
        self.process = None

    def start(self, timeout=300):
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.log = open(self.data.parent / "server.log", "ab")
        mark = self.log.tell()
        self.process = subprocess.Popen(
            [*self.wrapper, self.program, "serve", "--data", str(self.data), "--port", "0", *self.arguments],
            stdout=self.log, stderr=subprocess.STDOUT, cwd=ROOT)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.output(mark)}")
            text = self.output(mark)
            found = re.search(r"Sign in as lead \(works once\): (http://([\d.]+):(\d+)/\S+)", text)
            if found:
                self.link, self.host, self.port = found.group(1), found.group(2), int(found.group(3))
                self.address = f"http://{self.host}:{self.port}"
                self.token = (self.data / "command-line.token").read_text().strip()
                return self
            time.sleep(0.05)
        raise RuntimeError(f"the server did not come up in {timeout} s:\n{self.output(mark)}")

    def output(self, mark=0):
        with open(self.data.parent / "server.log", "rb") as file:
            file.seek(mark)
            return file.read().decode("utf-8", "replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)

    def kill(self):
        """What a power cut does to the process: no handler runs."""
        self.process.kill()
        self.process.wait(30)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def call(self, method, path, body=None, token=None, query=None, timeout=300):
        """One request to /api/v1; the decoded JSON, or the text of another kind of answer."""
        target = "/api/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        headers = {"Authorization": f"Bearer {token or self.token}"}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8")
            is_json = "json" in (response.getheader("Content-Type") or "") and "jsonl" not in response.getheader("Content-Type")
        finally:
            connection.close()
        if response.status >= 400:
            raise Refused(response.status, text)
        return json.loads(text) if is_json and text else text

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body if body is not None else {}, **options)

    def project(self, name="Demo"):
        listing = self.get("/projects")
        projects = listing["projects"] if isinstance(listing, dict) else listing
        return next(project["id"] for project in projects if project["name"] == name)

    def annotator_token(self):
        return self.post("/tokens", {"label": "test", "role": "annotator"})["secret"]

    def wait_for_task(self, project, token, timeout=300):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            answer = self.post(f"/projects/{project}/tasks/next", token=token)
            if answer["task"]:
                return answer["task"]
            time.sleep(0.2)
        raise RuntimeError(f"no task in {timeout} s: {answer['reason']}; {self.get(f'/projects/{project}/sampling')}")

    def rank(self, project, token, prefer=len):
        """Ranks one task, the response with the highest `prefer` first."""
        task = self.wait_for_task(project, token)
        scored = sorted({prefer(response["text"]) for response in task["responses"]}, reverse=True)
        rows = [[r["id"] for r in task["responses"] if prefer(r["text"]) == score] for score in scored]
        return self.post(f"/tasks/{task['lease']}/submit", {"ranking": {"rows": rows}}, token=token)

    def start_run(self, project, kind, body=None):
        """Starts `reward-model-runs` or `policy-refreshes`; the run's id."""
        return self.post(f"/projects/{project}/{kind}", body)["record"]["id"]

    def wait_for_run(self, run, timeout=1800, until=("succeeded", "failed", "stopped")):
        """The run's record once it has reached one of these states."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            record = self.get(f"/runs/{run}")["record"]
            if record["state"] in until:
                return record
            time.sleep(0.3)
        raise RuntimeError(f"run {run} did not reach {until} in {timeout} s: {record}")

    def database(self):
        """The store, opened read-only beside the server."""
        return sqlite3.connect(f"file:{self.data / 'plumb.sqlite'}?mode=ro", uri=True)


def children(parent):
    """The processes that a process started."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            # After the program's name, which may hold anything, come the state and the parent.
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(folder.name))
    return found


class Report:
    """Prints what each check saw, and counts."""

    def __init__(self):
        self.passed = 0
        self.failed = []

    def check(self, promise, holds, seen=""):
        line = f"{'ok  ' if holds else 'FAIL'} {promise}" + (f": {seen}" if seen != "" else "")
        print(line, flush=True)
        if holds:
            self.passed += 1
        else:
            self.failed.append(promise)
        return holds

    def finish(self):
        print(f"{self.passed} passed, {len(self.failed)} failed", flush=True)
        raise SystemExit(1 if self.failed else 0)
