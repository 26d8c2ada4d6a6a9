"""Hostile texts on the pages of other feedback than an order: corrections, ratings, criticism, demonstrations, prompts to
write, practice and conversations. A model server that says nothing else stands behind a server of its own."""

import http.server
import json
import threading

import hostile
import signing_in
from people import Person
from plumb import Server

POLICIES = ("demo-supervised", "demo-early", "demo-base")
SHOWN = "() => [...document.querySelectorAll('.text .raw')].map((raw) => raw.textContent)"
FIELD = "() => document.querySelector('textarea[data-needed]')?.value"
# The kinds with one response, then those with none.
ASKED = (({"correction": 100}, "correction"), ({"rating": 60, "criticism": 40}, "rating or criticism"))


class HostileModel:
    """An OpenAI-compatible server whose answers are the corpus, one text after the other."""

    def __init__(self, corpus):
        self.corpus, self.at, self.lock = corpus, 0, threading.Lock()
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, value):
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer({"data": [{"id": name, "conversational": True} for name in POLICIES]})

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer({"choices": [
                    {"index": index, "message": {"content": text}, "text": text, "finish_reason": "stop"}
                    for index, text in enumerate(model.next(asked.get("n", 1)))]})

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def next(self, count):
        with self.lock:
            self.at += count
            return [self.corpus[at % len(self.corpus)] for at in range(self.at - count, self.at)]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()


def feedback(task):
    """An answer of the kind that a task asks for."""
    kind = task["mode"]
    if kind == "rating":
        return {"feedback": {"kind": kind, "rating": {"overall": 4}}}
    if kind == "prompt":
        return {"feedback": {"kind": kind, "prompt": {"style": "use_case", "text": f"A prompt for {task['lease']}"}}}
    if kind == "ranking":
        return hostile.rows(task)
    if kind == "comparison":
        return hostile.better(task)
    return {"feedback": {"kind": kind, "text": f"Written for {task['lease']}."}}


class Reader:
    """One person who reads all of it, in the browser, and answers over the API."""

    def __init__(self, test, server):
        self.server, self.faults, self.token = server, [], server.annotator_token()
        self.person = Person(test.browser, server, test.watch, test.album, "a reader of hostile answers")
        self.person.context.add_init_script(hostile.CANARY)
        self.requests = hostile.Requests(self.person)
        self.page, self.project = self.person.page, server.project()
        self.page.goto(server.link)
        self.page.get_by_label("Choose a password").fill(signing_in.LEAD_PASSWORD)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Sign in").click()

    def set(self, **settings):
        self.server.call("PATCH", f"/projects/{self.project}", {"settings": settings})

    def look(self, path):
        self.page.goto(path)
        hostile.look(self, self.person, path, self.faults)
        return set(self.page.evaluate(SHOWN)) | {self.page.evaluate(FIELD)}

    def read_tasks(self, kinds, wanted, most, project=None):
        """Reads and answers tasks until pages of these kinds held every wanted text. Returns the missing ones."""
        missing = {hostile.as_written(text) for text in wanted}
        for _ in range(most):
            task = self.server.wait_for_task(project or self.project, self.token)
            seen = self.look(f"/tasks/{task['lease']}")
            if task["mode"] in kinds:
                missing -= seen
                if task["mode"] == "correction" and self.page.evaluate(FIELD) not in seen - {None}:
                    self.faults.append("a field that holds something else than the response")
            self.server.post(f"/tasks/{task['lease']}/submit", feedback(task), token=self.token)
            if not missing:
                break
        return missing


def stays_text(test):
    report, corpus = test.report, list(hostile.texts())
    problems = len(test.watch.problems)
    with HostileModel(corpus) as model, Server(
            test.server.program, data=test.scratch / "hostile" / "data",
            arguments=("--demo", "--model-server", model.address)) as server:
        reader = Reader(test, server)
        reader.set(instructions=corpus[0], tasks_ahead=30, rendering="markdown")
        for shares, words in ASKED:
            reader.set(feedback={"shares": shares})
            missing = reader.read_tasks(set(shares), corpus, 3 * len(corpus))
            report.check(f"every hostile text stands whole, as it was written, on the page of a {words}", not missing,
                         f"{len(corpus)} texts" if not missing else sorted(missing)[:3])
        read_prompts(test, reader, corpus)
        converse(reader, corpus)
        practise(reader, corpus)
        for path in ("/history", "/statistics", f"/lead/projects/{reader.project}/labels"):
            reader.look(path)
        faults, strange = reader.faults, reader.requests.strange
        reader.person.close()
    report.check("on the pages of other feedback nothing of a hostile text becomes an element, a handler or an address",
                 not faults, "".join(f"\n       {fault}" for fault in faults[:10]) or f"{len(corpus)} texts")
    report.check("there no request leaves, no script runs and the content security policy had nothing to refuse",
                 not strange and len(test.watch.problems) == problems, strange[:5] or test.watch.problems[problems:][:5])


def read_prompts(test, reader, corpus):
    """Demonstrations, whose prompts hold eight texts each, and use cases to write prompts for."""
    server, project = reader.server, reader.project
    lines = []
    for start in range(0, len(corpus), 8):
        texts = (corpus[start:start + 8] + ["-"] * 8)[:8] + ["And?"]
        lines.append(json.dumps({"messages": [{"role": "assistant" if at % 2 else "user", "content": text}
                                              for at, text in enumerate(texts)]}))
    # The demo's own project has many prompts to demonstrate already.
    own = server.post("/projects", {"name": "Demonstrations", "settings": {
        "mode": "comparison", "rendering": "markdown", "tasks_ahead": 30, "feedback": {"shares": {"demonstration": 100}}}})["id"]
    server.call("POST", f"/projects/{own}/prompts", "\n".join(lines),
                query={"use": "supervised", "format": "messages", "name": "hostile.jsonl"})
    few = corpus[::6]
    server.call("POST", f"/projects/{project}/prompts", "\n".join(json.dumps({"prompt": text}) for text in few),
                query={"use": "writing", "format": "jsonl", "name": "hostile-uses.jsonl"})
    missing = reader.read_tasks({"demonstration"}, corpus, 2 * len(lines), own)
    test.report.check("every hostile text stands whole in the prompt of a demonstration", not missing,
                      f"{len(corpus)} texts" if not missing else sorted(missing)[:3])
    reader.set(feedback={"shares": {"prompt": 100}, "prompt_styles": ["use_case"]})
    missing = reader.read_tasks({"prompt"}, few, 4 * len(few))
    test.report.check("hostile texts stand whole as uses to write a prompt for", not missing,
                      f"{len(few)} texts" if not missing else sorted(missing)[:3])


def converse(reader, corpus):
    """Hostile messages and hostile answers, a turn each."""
    page, server, project = reader.page, reader.server, reader.project
    reader.set(feedback={"shares": {"conversation": 100}})
    for text in corpus[:60:10]:
        reader.look(f"/projects/{project}/conversation")
        page.locator("#text").fill(text)
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        page.locator("form.comparison").wait_for()
        reader.look(page.url)
        page.keyboard.press("w")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        page.wait_for_load_state("load")
    reader.look(f"/projects/{project}/conversation")
    server.post(f"/projects/{project}/conversation/finish", token=reader.token)


def practise(reader, corpus):
    page, server, project = reader.page, reader.server, reader.project
    reader.set(feedback={"shares": {}})
    items = [{"prompt": text, "responses": corpus[at:at + 4], "explanation": text,
              "expected": {"kind": "ranking", "ranking": {"rows": [["1"], ["2"], ["3"], ["4"]]}}}
             for at, text in list(enumerate(corpus))[5:65:12]]
    server.call("POST", f"/projects/{project}/practice", "\n".join(map(json.dumps, items)), query={"name": "p.jsonl"})
    reader.look(f"/lead/projects/{project}/practice")
    for _ in items:
        task = server.wait_for_task(project, reader.token)
        reader.look(f"/tasks/{task['lease']}")
        for rank in "1234":
            page.keyboard.press("j")
            page.keyboard.press(rank)
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        reader.look(page.url)
