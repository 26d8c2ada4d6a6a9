"""Hostile texts in every place where the text of a prompt or a response is shown: they stay text.

The texts are Tests/Fixtures/hostile-responses.jsonl. In them `canary()` is what must never run and `canary.invalid` the
host that must never be asked.
"""

import json

from plumb import ROOT

CORPUS = ROOT / "Tests" / "Fixtures" / "hostile-responses.jsonl"

# Reported as console errors, which fail the run.
CANARY = "globalThis.canary = () => console.error('the canary ran: a text became a script');"

# What may stand inside a text: elements of ours with attributes of ours, and MathML.
FOREIGN = """() => {
  const elements = new Set(['div', 'p', 'span', 'em', 'strong', 'del', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote',
    'table', 'thead', 'tbody', 'tr', 'th', 'td', 'hr', 'button', 'bdi', 'math', 'mrow', 'mi', 'mn', 'mo', 'mtext',
    'mspace', 'mfrac', 'msqrt', 'mroot', 'mstyle', 'msub', 'msup', 'msubsup', 'munder', 'mover', 'munderover',
    'mtable', 'mtr', 'mtd', 'mphantom', 'mpadded']);
  const attributes = new Set(['class', 'dir', 'role', 'tabindex', 'title', 'type', 'start', 'scope', 'aria-label',
    'aria-level', 'data-address', 'display', 'mathvariant', 'stretchy', 'form', 'fence', 'lspace', 'rspace', 'width',
    'movablelimits', 'accent', 'accentunder', 'linethickness', 'displaystyle', 'minsize', 'maxsize']);
  const found = [];
  for (const text of document.querySelectorAll('.text')) {
    for (const each of text.querySelectorAll('*')) {
      if (!elements.has(each.localName)) found.push(`<${each.localName}> in a text`);
      for (const { name, value } of each.attributes) {
        if (!attributes.has(name)) found.push(`${each.localName} ${name}="${value.slice(0, 40)}" in a text`);
      }
      const address = each.dataset?.address;
      if (address !== undefined && !/^(https?|mailto):/i.test(address)) found.push(`address ${address.slice(0, 60)}`);
    }
  }
  for (const each of document.querySelectorAll('*')) {
    for (const { name } of each.attributes) if (/^on|^style$|^srcdoc$|^formaction$/.test(name)) found.push(`${each.localName} ${name}`);
    if (each.localName === 'script' && !String(each.src).startsWith(`${location.origin}/static/`)) found.push('a script');
    if (/^(iframe|object|embed|base|img|video|audio|form)$/.test(each.localName) && each.closest('.text')) found.push(each.localName);
    if (each.localName === 'a' && each.protocol && !/^https?:$/.test(each.protocol)) found.push(`link ${each.href.slice(0, 60)}`);
  }
  return found;
}"""

RAW = "() => [...document.querySelectorAll('[data-card] .raw, [data-side] .raw')].map((raw) => raw.textContent)"


class Requests:
    """Every request of a browser that no page of ours has a reason for."""

    def __init__(self, person):
        self.address, self.strange = person.server.address, []
        person.context.on("request", self._see)

    def _see(self, request):
        ours = request.url.startswith(self.address)
        is_page = request.resource_type == "document" and request.is_navigation_request()
        if ours and (is_page or request.resource_type in ("fetch", "xhr") or "/static/" in request.url):
            return
        self.strange.append(f"{request.resource_type} {request.url[:120]}")


def texts():
    """The corpus; a text of many like pieces is kept as its pieces."""
    for line in CORPUS.read_text().splitlines():
        entry = json.loads(line)
        yield entry["text"] if "text" in entry else "".join(piece * count for piece, count in entry["pieces"])


def as_written(text):
    """What a document holds of a text: HTML has one kind of line end and no NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def project(test, name, mode, count, corpus):
    """A project whose tasks hold the corpus as responses, each group also as the messages of its prompt."""
    server = test.server
    settings = {"mode": mode, "response_count": {"smallest": count, "largest": count}, "instructions": corpus[0],
                "rendering": "markdown", "open_leases_per_person": 100, "tasks_ahead": 0}
    made = server.post("/projects", {"name": name, "settings": settings})["id"]
    lines = []
    for start in range(0, len(corpus), count):
        group = (corpus[start:start + count] + ["a", "b", "c", "d", "e", "f", "g", "h", "i"])[:count]
        # The last message is the user's; with an even number of them the first one is the system's.
        roles = ["user", "assistant"] * (count // 2) + ["user"] if count % 2 else ["system", "user"]
        prompt = [{"role": role, "content": text} for role, text in zip(roles, group)]
        lines.append(json.dumps({"prompt": prompt, "responses": group}))
    server.call("POST", f"/projects/{made}/groups", body="\n".join(lines) + "\n")
    return made, len(lines)


def look(test, person, where, faults):
    faults += [f"{where}: {fault}" for fault in set(person.page.evaluate(FOREIGN))]


def visit_tasks(test, person, made, tasks, judge, faults):
    """Opens each task in the browser and answers it over the API. Returns the texts that the pages held as written."""
    token, seen = test.server.annotator_token(), set()
    for _ in range(tasks):
        task = test.server.wait_for_task(made, token)
        person.page.goto(f"/tasks/{task['lease']}")
        look(test, person, f"task {task['lease']}", faults)
        seen.update(person.page.evaluate(RAW))
        test.server.post(f"/tasks/{task['lease']}/submit", judge(task), token=token)
    return seen


def rows(task):
    return {"ranking": {"rows": [[response["id"]] for response in task["responses"]]}}


def better(task):
    first, second = (response["id"] for response in task["responses"])
    return {"comparison": {"winner": first, "loser": second, "grade": "better"}}


def stays_text(test, lead):
    report = test.report
    person = lead.beside("a reader of hostile texts")
    person.context.add_init_script(CANARY)
    requests, before, faults = Requests(person), len(test.watch.problems), []
    corpus = list(texts())
    for name, mode, count, judge in (("Hostile ranking", "ranking", 9, rows), ("Hostile pairs", "comparison", 2, better)):
        made, tasks = project(test, name, mode, count, corpus)
        seen = visit_tasks(test, person, made, tasks, judge, faults)
        missing = [text[:60] for text in corpus if as_written(text) not in seen]
        report.check(f"every hostile text stands whole, as it was written, on the page of a {mode}", not missing,
                     f"{len(corpus)} texts on {tasks} pages" if not missing else missing[:5])
        for path in (f"/lead/projects/{made}/prompts", f"/lead/projects/{made}/labels", f"/lead/projects/{made}",
                     f"/lead/projects/{made}/settings", "/history", "/lead"):
            person.page.goto(path)
            look(test, person, path, faults)
    report.check("nothing of a hostile text becomes an element, a handler, a style or an address that opens", not faults,
                 "".join(f"\n       {fault}" for fault in faults[:10]) or f"{len(corpus)} texts")
    report.check("no request leaves for a hostile text", not requests.strange, requests.strange[:5])
    problems = test.watch.problems[before:]
    report.check("no script of a hostile text runs and the content security policy had nothing to refuse", not problems,
                 problems[:5])
    person.close()


def addresses_ask(test, lead):
    """A link's button shows the whole address and opens nothing by itself; `v` shows the text as it was written."""
    report, server = test.report, test.server
    text = "See [my **page**](https://example.invalid/a?b=1) and ![a chart](https://example.invalid/c.png), *now*."
    settings = {"mode": "comparison", "response_count": {"smallest": 2, "largest": 2}, "tasks_ahead": 0}
    made = server.post("/projects", {"name": "Addresses", "settings": settings})["id"]
    server.call("POST", f"/projects/{made}/groups",
                body=json.dumps({"prompt": "A prompt with *Markdown*.", "responses": [text, "Another"]}) + "\n")
    person = lead.beside("a reader of links")
    page, requests = person.page, Requests(person)
    person.go(f"/projects/{made}/next", picture="formatted", variants=("wide", "middle", "narrow", "dark"), whole=False)
    page.get_by_role("button", name="my page").click()
    dialog = page.get_by_role("dialog")
    report.check("a link shows its whole address and asks", "https://example.invalid/a?b=1" in dialog.inner_text(),
                 " ".join(dialog.inner_text().split())[:120])
    person.seen("address", variants=("wide", "narrow"), whole=False)
    page.keyboard.press("Escape")
    report.check("and Escape leaves it", page.get_by_role("dialog").count() == 0)
    report.check("an image shows its address in its place",
                 page.get_by_role("button", name="Image a chart https://example.invalid/c.png").is_visible())
    page.keyboard.press("v")
    raw = page.locator(".text.pane", has_text="See [my").first
    test.equal("v shows a text as it was written", raw.inner_text(), text)
    page.reload()
    report.check("the choice is kept", page.get_by_role("button", name="As written").get_attribute("aria-pressed") == "true"
                 and raw.inner_text() == text)
    page.get_by_role("button", name="As written").click()
    report.check("the button turns back", page.locator("strong", has_text="page").is_visible())
    report.check("no request left for a link or an image", not requests.strange, requests.strange[:5])
    person.close()
