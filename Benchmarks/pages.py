"""How heavy and how quick the annotators' pages are, by Chromium's own tracing: bytes and requests of a first visit, first
contentful paint of a first and of a later visit, the longest task of the page's main thread, from the key that submits
to the frame that shows the next task, and over a slow line how long a page's modules wait for each other. Called by `scripts/bench pages`; needs Playwright.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Tests" / "System"), str(ROOT / "Tests" / "Browser")]

from playwright.sync_api import sync_playwright

import chromium
from keeping import AHEAD
from plumb import Server
from signing_in import LEAD_PASSWORD

SENTENCE = "Rain is water that rose as vapour, cooled to clouds and falls again when its drops grow heavy. "
FIRST_PAINT = "() => performance.getEntriesByType('paint').find((entry) => entry.name === 'first-contentful-paint')?.startTime"

# How long the paint of the next task takes, from the key that submits to the frame that shows another form.
PAINT = """() => new Promise((resolve) => {
  const before = document.querySelector('form.ranking').getAttribute('action');
  let started = 0;
  document.addEventListener('keydown', () => { started ||= performance.now(); }, { capture: true });
  const look = () => {
    const form = document.querySelector('form.ranking');
    if (started && form && form.getAttribute('action') !== before) {
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""


# After the first of a page's modules was asked for, in ms: when the last was, and when all were there.
MODULES = """() => {
  const all = performance.getEntriesByType('resource').filter((entry) => entry.name.endsWith('.js'));
  const first = Math.min(...all.map((entry) => entry.startTime));
  return [all.length, Math.max(...all.map((entry) => entry.startTime)) - first,
    Math.max(...all.map((entry) => entry.responseEnd)) - first];
}"""


def text(words, at):
    return (f"Response {at}. " + SENTENCE * (1 + words // 17))[: words * 6]


def project(server, name, responses, tasks, **settings):
    made = server.post("/projects", {"name": name, "settings": {"tasks_ahead": 0, "rendering": "markdown", **settings}})["id"]
    lines = [json.dumps({"prompt": f"Question {n}: why does it rain?", "responses": [text(200, n + k) for k in range(responses)]})
             for n in range(tasks)]
    if lines:
        server.call("POST", f"/projects/{made}/groups", "\n".join(lines))
    return made


def longest_task(trace):
    """Milliseconds of the longest task of any page's main thread, from the events of Chromium's trace."""
    events = json.loads(trace)["traceEvents"]
    mains = {(event["pid"], event["tid"]) for event in events
             if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"}
    return max((event.get("dur", 0) for event in events
                if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in mains), default=0) / 1e3


class Visitor:
    """A browser that has loaded nothing before, signed in."""

    def __init__(self, browser, server, state):
        self.browser = browser
        self.context = browser.new_context(base_url=server.address, storage_state=state,
                                           viewport={"width": 1440, "height": 900})
        self.page = self.context.new_page()
        network = self.context.new_cdp_session(self.page)
        network.send("Network.enable")
        self.received, self.bodies = [], []
        network.on("Network.loadingFinished", lambda event: self.received.append(event["encodedDataLength"]))
        self.page.on("response", lambda response: self.bodies.append(response))

    def traced(self, act):
        self.browser.start_tracing(page=self.page, categories=["toplevel", "devtools.timeline", "__metadata"])
        act()
        self.page.wait_for_timeout(400)
        return longest_task(self.browser.stop_tracing())

    def visit(self, path):
        """First and later visit: requests, bytes on the wire, bytes by gzip, first paints and longest tasks in ms."""
        self.received.clear()
        self.bodies.clear()
        first_task = self.traced(lambda: self.page.goto(path, wait_until="load"))
        first_paint = self.page.evaluate(FIRST_PAINT)
        requests, sent = len(self.received), sum(self.received)
        compressed = sum(len(gzip.compress(each.body())) for each in self.bodies if each.status == 200)
        later_task = self.traced(lambda: self.page.goto(path, wait_until="load"))
        return requests, sent, compressed, first_paint, self.page.evaluate(FIRST_PAINT), first_task, later_task


def turns(visitor, path, ranks, count):
    """From the key that submits to the next task's frame, ms; and the longest task of each turn."""
    page = visitor.page
    page.goto(path)
    painted, tasks = [], []
    for _ in range(count):
        page.wait_for_function(AHEAD)
        page.wait_for_timeout(150)
        for rank in ranks:
            page.keyboard.press("j")
            page.keyboard.press(rank)
        page.evaluate(f"() => {{ performance.clearResourceTimings(); window.painted = ({PAINT})(); }}")

        def turn():
            page.keyboard.press("Control+Enter")
            painted.append(page.evaluate("() => window.painted"))

        tasks.append(visitor.traced(turn))
    return painted, tasks


def modules(browser, server, state, path, latency=100, visits=5):
    """How many modules a first visit loads, and the medians of `MODULES`, where each answer takes `latency` ms."""
    found = []
    for _ in range(visits):
        visitor = Visitor(browser, server, state)
        line = visitor.context.new_cdp_session(visitor.page)
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions",
                  {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1})
        visitor.page.goto(path, wait_until="load")
        found.append(visitor.page.evaluate(MODULES))
        visitor.context.close()
    return [statistics.median(each) for each in zip(*found)]


def sign_in(browser, server):
    context = browser.new_context(base_url=server.address)
    page = context.new_page()
    page.goto(server.link)
    page.get_by_label("Choose a password").fill(LEAD_PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    state = context.storage_state()
    context.close()
    return state


def measure(browser, server, count):
    state = sign_in(browser, server)
    nine = project(server, "Nine", 9, count + 5, mode="ranking", response_count={"smallest": 9, "largest": 9})
    two = project(server, "Two", 2, 4, mode="comparison")
    written = project(server, "Written", 2, 0, mode="comparison", feedback={"shares": {"demonstration": 100}})
    server.call("POST", f"/projects/{written}/prompts", "Why does it rain?\nWhat is snow?",
                query={"use": "supervised", "format": "text", "name": "prompts.txt"})
    server.call("PATCH", f"/projects/{written}", {"settings": {"tasks_ahead": 2}})
    server.wait_for_task(written, server.annotator_token())
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print("| page | requests | kB sent | kB by gzip | first paint, first visit | later | longest task, first visit | later |")
    print("|---|---|---|---|---|---|---|---|")
    for name, path in (("ranking, nine of 200 words", f"/projects/{nine}/next"), ("comparison", f"/projects/{two}/next"),
                       ("writing an answer", f"/projects/{written}/next"), ("my answers", "/history"),
                       ("a project's progress", f"/lead/projects/{nine}")):
        visitor = Visitor(browser, server, state)
        requests, sent, compressed, first, later, first_task, later_task = visitor.visit(path)
        print(f"| {name} | {requests} | {sent / 1e3:.1f} | {compressed / 1e3:.1f} | {first:.0f} ms | {later:.0f} ms | "
              f"{first_task:.0f} ms | {later_task:.0f} ms |", flush=True)
        visitor.context.close()
    visitor = Visitor(browser, server, state)
    painted, tasks = turns(visitor, f"/projects/{nine}/next", "123456789", count)
    print(f"\nfrom the key that submits to the frame of the next task of nine, {count} times: median "
          f"{statistics.median(painted):.0f} ms, most {max(painted):.0f} ms; longest task of the main thread: median "
          f"{statistics.median(tasks):.0f} ms, most {max(tasks):.0f} ms")
    loaded, asked, there = modules(browser, server, state, f"/projects/{nine}/next")
    print(f"\nover a line of 100 ms: the last of {loaded:.0f} modules of the ranking page is asked for {asked:.0f} ms after the "
          f"first, and all are there after {there:.0f} ms")
    return max(painted) <= 100


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plumb", required=True)
    parser.add_argument("--turns", type=int, default=20)
    given = parser.parse_args()
    with sync_playwright() as playwright, Server(
            given.plumb, data=pathlib.Path(tempfile.mkdtemp(prefix="plumb-pages-")) / "data") as running:
        chrome = chromium.launch(playwright)
        good = measure(chrome, running, given.turns)
        chrome.close()
    sys.exit(0 if good else 1)
