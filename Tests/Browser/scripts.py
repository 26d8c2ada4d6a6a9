"""The browser modules by themselves: what no story reaches, because it takes another keyboard, a hidden page or a race."""

KEYS = """async (presses) => {
  const { keyName } = await import("/static/keyboard.js");
  return presses.map((press) => keyName(new KeyboardEvent("keydown", press)));
}"""

ACTIVE = """async (events) => {
  const { ActiveTime } = await import("/static/active-time.js");
  const time = new ActiveTime(0, true);
  for (const [what, ...values] of events.slice(0, -1)) time[what](...values);
  return time.total(events.at(-1));
}"""

# A run's page as the server makes it, as far as lead.js looks at it.
RUN = """<!doctype html><html><head><meta name="csrf" content="x"><script type="module" src="/static/lead.js"></script></head>
<body><div id="run-status" data-events="/lead/runs/0/events">%s</div><div id="run-figures">%d</div></body></html>"""


def keyboards(test, person):
    """A digit is the same key to the pages wherever it lies."""
    person.go("/")
    one = {"code": "Digit1"}
    presses = {
        "1": {**one, "key": "1"}, "Shift+1 (QWERTY)": {**one, "key": "!", "shiftKey": True},
        "1 (AZERTY, with Shift)": {**one, "key": "1", "shiftKey": True}, "& (AZERTY)": {**one, "key": "&"},
        "Shift+U": {"key": "U", "code": "KeyU", "shiftKey": True},
    }
    names = person.page.evaluate(KEYS, list(presses.values()))
    test.equal("a digit that takes Shift is that digit, and Shift+digit where it does not", names,
               ["1", "Shift+1", "1", "&", "Shift+U"])


def active_time(test, person):
    """Milliseconds at work, from what happened and when."""
    person.go("/")
    for promise, expected, *events in (
        ("the time up to the moment a page is hidden counts", 20_000,
         ["input", 5_000], ["turn", 20_000, False], ["turn", 60_000, True], 60_000),
        ("time out of sight does not", 25_000,
         ["input", 5_000], ["turn", 20_000, False], ["turn", 90_000, True], ["input", 91_000], 96_000),
        ("nor does time after 30 idle seconds", 35_000, ["input", 5_000], 300_000),
    ):
        test.equal(promise, person.page.evaluate(ACTIVE, events), expected)


def change_of_state_during_refresh(test, lead):
    """A run's state changes while the page is still fetching the numbers: both must reach the page."""
    page = lead.another_page().page
    fetched = []

    def answer(route):
        if route.request.url.endswith("/events"):
            state = '{"state":"running","is_stopping":%s,"attempt":1,"message":null}'
            events = [("status", state % "false"), ("metrics", "{}"), ("status", state % "true")]
            route.fulfill(content_type="text/event-stream", body="retry: 3600000\n\n" + "".join(
                f"event: {name}\ndata: {data}\n\n" for name, data in events))
            return
        fetched.append(route.request.url)
        words = "Running" if len(fetched) == 1 else "Stopping"
        route.fulfill(content_type="text/html", body=RUN % (words, len(fetched)))

    page.route("**/lead/runs/0**", answer)
    page.goto("/lead/runs/0")
    page.wait_for_function("document.getElementById('run-figures').innerText === '3'")
    test.equal("a run's new state is shown, also when it came while the page fetched its numbers",
               page.locator("#run-status").inner_text(), "Stopping")
    page.close()
