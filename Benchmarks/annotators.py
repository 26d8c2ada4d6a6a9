"""Annotators at work while a model trains: how long their next task and their submissions take, and that nothing goes wrong.

Every simulated annotator is signed in with a session of its own and sends what the pages send: the next task fetched
ahead, two drafts, the submission, the task shown. Think times are exponential; a submission is timed from the moment at
which it was meant to come, so that a server that falls behind cannot hide it. Standard library only. Called by
`scripts/bench annotators`.
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import re
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "System"))

from plumb import Server

PASSWORD = "four ripe apples on a plate"


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def milliseconds(values):
    return (f"p50 {quantile(values, 0.5) * 1e3:6.2f} ms   p99 {quantile(values, 0.99) * 1e3:7.2f} ms   "
            f"most {max(values, default=0) * 1e3:7.2f} ms   n {len(values)}")


class Disk:
    """Syncs 4 KiB to the same disk ten times a second, for what the disk alone takes."""

    def __init__(self, folder):
        self.times, self.stop = [], threading.Event()
        self.path = pathlib.Path(folder) / "fsync-probe"
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self):
        with open(self.path, "wb", buffering=0) as file:
            while not self.stop.wait(0.1):
                started = time.perf_counter()
                os.pwrite(file.fileno(), os.urandom(4096), 0)
                os.fdatasync(file.fileno())
                self.times.append(time.perf_counter() - started)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


class Browser:
    """One connection with cookies and the form token: what a browser sends, and no more of HTTP than that takes."""

    def __init__(self, server):
        self.server, self.cookies, self.csrf = server, {}, ""
        self.reader = self.writer = None

    async def send(self, method, path, fields=None, body=None, headers=()):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.server.host, self.server.port)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.server.host}:{self.server.port}", *headers]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if fields is not None:
            body = urllib.parse.urlencode({**fields, "csrf": self.csrf}).encode()
            lines.append("Content-Type: application/x-www-form-urlencoded")
        if method != "GET":
            lines += [f"X-CSRF-Token: {self.csrf}", f"Content-Length: {len(body or b'')}"]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        length, location = 0, None
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(": ")
            name = name.lower()
            if name == "content-length":
                length = int(value)
            elif name == "location":
                location = value
            elif name == "set-cookie":
                cookie, _, value = value.split(";")[0].partition("=")
                self.cookies[cookie] = value
        text = (await self.reader.readexactly(length)).decode() if length else ""
        token = re.search(r'<meta name="csrf" content="([^"]+)"', text)
        if token:
            self.csrf = token.group(1)
        return status, text, location

    async def page(self, path):
        status, text, location = await self.send("GET", path)
        while location:
            status, text, location = await self.send("GET", location)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {text[:300]}")
        return text


class Task:
    """What the page of a ranking holds."""

    def __init__(self, page):
        place = re.search(r"data-lease=\"([^\"]+)\"", page)
        if not place:
            raise LookupError("no task: " + " ".join(re.sub("<[^>]*>", " ", page).split())[:200])
        self.lease = place.group(1)
        self.ids = re.findall(r'data-card="([^"]+)"', page)


class Annotator:
    def __init__(self, server, project, name, seed):
        self.browser, self.project, self.name = Browser(server), project, name
        self.random = random.Random(seed)
        self.submits, self.nexts, self.drafts, self.labels, self.notices = [], [], [], [], []

    async def join(self, invitation):
        page = await self.browser.page(invitation)
        action = re.search(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page).group(1)
        status, text, _ = await self.browser.send("POST", action, {"name": self.name, "password": PASSWORD})
        if status not in (302, 303):
            raise RuntimeError(f"{self.name} could not join: {status} {text[:500]}")

    async def timed(self, into, *arguments, since=None, **options):
        started = time.perf_counter() if since is None else since
        status, text, _ = await self.browser.send(*arguments, **options)
        into.append(time.perf_counter() - started)
        if status not in (200, 204):
            raise RuntimeError(f"{self.name}: {arguments[:2]} answered {status}: {text[:300]}")
        return text

    async def fetch_ahead(self, task):
        text = await self.timed(self.nexts, "POST", f"/projects/{self.project}/ahead", {"besides": task.lease})
        return Task(text)

    async def save_drafts(self, task):
        for version in (1, 2):
            body = json.dumps({"draft": {"places": [[task.ids[0], version]]}, "version": version}).encode()
            await self.timed(self.drafts, "PUT", f"/tasks/{task.lease}/draft", body=body,
                             headers=("Content-Type: application/json", "Accept: application/json"))

    async def submit(self, task, since=None):
        order = self.random.sample(range(1, len(task.ids) + 1), len(task.ids))
        fields = {f"rank.{name}": rank for name, rank in zip(task.ids, order)}
        text = await self.timed(self.submits, "POST", f"/tasks/{task.lease}/ranking",
                                {**fields, "project": self.project, "active_ms": 4000, "operations": 4}, since=since,
                                headers=("Accept: application/json",))
        answer = json.loads(text)
        if answer["take_back"]:
            self.labels.append(int(answer["take_back"].split("/")[2]))
        else:
            self.notices.append(answer["notice"])

    async def work(self, seconds, think):
        """Answers tasks until the time is over; `think` is the mean time from one submission to the next. Nobody begins at the
        same moment as all others: each comes at a moment of their own within the first `think` seconds.
        """
        if think:
            await asyncio.sleep(self.random.uniform(0, think))
        task = Task(await self.browser.page(f"/projects/{self.project}/next"))
        intended = time.perf_counter()
        end = intended + seconds
        while True:
            intended += self.random.expovariate(1 / think) if think else 0
            ahead = await self.fetch_ahead(task)
            if think:
                await self.save_drafts(task)
                if intended > end:
                    return
                await asyncio.sleep(max(0, intended - time.perf_counter()))
            elif time.perf_counter() > end:
                return
            await self.submit(task, since=intended if think else None)
            await self.browser.send("POST", f"/tasks/{ahead.lease}/shown", {})
            task = ahead


def prepare(server, tasks, overlap):
    """A project with as many imported tasks of four responses."""
    settings = {"mode": "ranking", "response_count": {"smallest": 4, "largest": 4}, "overlap": overlap, "tasks_ahead": 0}
    project = server.post("/projects", {"name": "Load", "settings": settings})["id"]
    started = time.monotonic()
    for first in range(0, tasks, 5_000):
        lines = "\n".join(json.dumps({"prompt": f"Question {n}: what grows in a garden?", "responses": [
            f"Answer {k} to question {n}: " + "roses and beans and a row of tall sunflowers " * 6 for k in range(4)]})
            for n in range(first, min(tasks, first + 5_000)))
        server.call("POST", f"/projects/{project}/groups", lines, timeout=600)
    print(f"{tasks} tasks imported in {time.monotonic() - started:.1f} s", flush=True)
    return project


async def invite(server, project, count):
    lead = Browser(server)
    page = await lead.page(server.link)
    action = re.search(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page).group(1)
    status, text, _ = await lead.send("POST", action, {"name": "lead", "password": PASSWORD})
    if status not in (302, 303):
        raise RuntimeError(f"the lead could not sign in: {status} {text[:500]}")
    await lead.page("/lead/people")
    people = [Annotator(server, project, f"Annotator {n}", n) for n in range(count)]
    for person in people:
        status, page, _ = await lead.send("POST", "/lead/people/invites", {"role": "annotator"})
        link = re.search(r'value="[^"]*(/welcome/[^"]+)"', page)
        if not link:
            raise RuntimeError(f"no invitation for {person.name}: {status} {page[:500]}")
        await person.join(link.group(1))
    return people


def start_training(server):
    """A policy refresh that writes a checkpoint at every step, on the demo's own project."""
    project, token = server.project(), server.annotator_token()
    for _ in range(12):
        server.rank(project, token)
    model = server.start_run(project, "reward-model-runs")
    if server.wait_for_run(model)["state"] != "succeeded":
        raise RuntimeError("the reward model did not train")
    run = server.start_run(project, "policy-refreshes", {
        "seed": 1, "settings": {"iterations": 2000, "checkpoint_every": 1, "kl_budget": 100000, "distinct_floor": 0, "end_floor": 0,
        "group_diversity_floor": 0}})
    server.wait_for_run(run, until=("running", "failed"))
    return run


def newest_checkpoints(server, run):
    return sorted(file.stat().st_mtime for file in (server.data / "runs" / str(run)).rglob("model.safetensors"))


def check(server, project, people, overlap):
    acknowledged = [label for person in people for label in person.labels]
    store = server.database()
    def one(query, *values):
        return store.execute(query, values).fetchone()[0]
    stored = {row[0] for row in store.execute("SELECT id FROM labels WHERE project_id = ?", (project,))}
    beyond = one("""SELECT count(*) FROM (SELECT task_id FROM labels WHERE project_id = ? AND state = 'active'
                    GROUP BY task_id HAVING count(*) > ?)""", project, overlap)
    twice = one("""SELECT count(*) FROM (SELECT 1 FROM leases JOIN tasks ON tasks.id = task_id WHERE project_id = ?
                   GROUP BY task_id, user_id HAVING count(*) > 1)""", project)
    extras = one("SELECT count(*) FROM labels WHERE project_id = ? AND state = 'extra'", project)
    store.close()
    lost = [label for label in acknowledged if label not in stored]
    print(f"labels acknowledged {len(acknowledged)}, lost {len(lost)}; tasks beyond their overlap {beyond}; late extras {extras}; "
          f"tasks handed twice to a person {twice}; other notices {sum(len(p.notices) for p in people)}")
    return not lost and not beyond and not twice


async def measure(server, arguments):
    project = prepare(server, arguments.tasks, arguments.overlap)
    people = await invite(server, project, arguments.annotators + 1)
    alone, crowd = people[0], people[1:]
    with Disk(server.data) as disk:
        await alone.work(arguments.alone, 0)
    print(f"one client, nothing else running (load average {os.getloadavg()[0]:.1f})")
    print(f"  next task  {milliseconds(alone.nexts)}\n  submit     {milliseconds(alone.submits)}")
    print(f"  fsync      {milliseconds(disk.times)}", flush=True)
    run = None if arguments.no_training else await asyncio.to_thread(start_training, server)
    before = len(newest_checkpoints(server, run)) if run else 0
    started = time.time()
    with Disk(server.data) as disk:
        outcomes = await asyncio.gather(
            *(person.work(arguments.seconds, arguments.think) for person in crowd), return_exceptions=True)
    written = sum(at >= started for at in newest_checkpoints(server, run)) if run else 0
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    print(f"{arguments.annotators} annotators, mean think time {arguments.think} s, {arguments.seconds} s, "
          f"{'no training' if not run else f'training, {written} checkpoints written meanwhile'} "
          f"(load average {os.getloadavg()[0]:.1f})")
    for name, values in (("next task", [t for p in crowd for t in p.nexts]), ("submit", [t for p in crowd for t in p.submits]),
                         ("draft", [t for p in crowd for t in p.drafts]), ("fsync", disk.times)):
        print(f"  {name:10} {milliseconds(values)}")
    for failure in failures[:5]:
        print(f"  FAILED {failure!r}")
    if run:
        state = server.get(f"/runs/{run}")["record"]["state"]
        print(f"  the run is {state}")
        if state == "running":
            server.post(f"/runs/{run}/cancel")
    return check(server, project, people, arguments.overlap) and not failures and (not run or written > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    parser.add_argument("--annotators", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=50_000)
    parser.add_argument("--overlap", type=int, default=2)
    parser.add_argument("--think", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--alone", type=float, default=10, help="seconds of one client alone")
    parser.add_argument("--no-training", action="store_true")
    given = parser.parse_args()
    with Server(given.plumb, data=pathlib.Path(tempfile.mkdtemp(prefix="plumb-annotators-")) / "data") as running:
        good = asyncio.run(measure(running, given))
    sys.exit(0 if good else 1)
