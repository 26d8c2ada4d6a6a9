"""People at browsers: contexts that watch for everything that should never happen on a page, and look at its layout."""

import re
import time
from contextlib import contextmanager

# A test machine may be busy training; nothing here waits for a fixed time, only for what it looks for, up to this.
PATIENCE = 180_000
NARROWEST = 360

REPORT_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`content security policy: ${event.violatedDirective} refused ${event.blockedURI}`);
});
"""

# Nothing may stick out at either side, what is fixed to the screen included; what scrolls in a box of its own may.
STICKING_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const isBoxed = (element) => {
    for (let each = element.parentElement; each && each !== document.body; each = each.parentElement) {
      if (getComputedStyle(each).overflowX !== 'visible') return true;
    }
    return false;
  };
  const wide = [...document.querySelectorAll('body *')].filter((each) => {
    const box = each.getBoundingClientRect();
    const isOut = box.width > 1 && box.height > 1 && (box.right > width + 1 || box.left < -1);
    return isOut && each.checkVisibility({ visibilityProperty: true }) && !isBoxed(each);
  }).map((each) => `${each.tagName.toLowerCase()}.${each.className} "${each.textContent.trim().slice(0, 20)}"`);
  const scrolled = document.documentElement.scrollWidth;
  if (scrolled <= width && wide.length === 0) return null;
  return `scrolls to ${scrolled}: ${[...new Set(wide)].slice(0, 4).join(', ')}`;
}"""


# What stands in a drawing lies within it.
CUT_WORDS = """() => [...document.querySelectorAll('svg.chart')].map((drawing) => {
  const whole = drawing.getBoundingClientRect();
  return [...drawing.querySelectorAll('text')].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.left < whole.left - 1 || box.right > whole.right + 1 || box.top < whole.top - 1 || box.bottom > whole.bottom + 1;
  }).map((text) => text.textContent);
})"""

# The page of waiting looks again by itself, but for while nobody sees it.
HOLD = """() => {
  if (document.querySelector('[data-looks-again]')) {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
  }
}"""
LET_GO = "() => { delete document.visibilityState; }"

# An answer is on its way while the next task is shown already.
ALL_SENT = "() => !Object.keys(localStorage).some((key) => key.startsWith('plumb.outbox '))"


class Watch:
    """Console errors, page errors, failed requests and refusals of the content security policy, from every context."""

    def __init__(self):
        self.problems = []
        self.overflows = []
        self.cut_words = []
        self.plots = 0
        self.pages_seen = set()
        self._expected = set()
        self._puts_under_way = set()
        # Looks at each new state of a page where it is set.
        self.accessibility = None
        self.is_cut = False

    def attach(self, context, who):
        context.set_default_timeout(PATIENCE)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", lambda message: self._console(who, message))
        context.on("weberror", lambda error: self.problems.append(f"{who}: page error: {error.error}"))
        context.on("requestfailed", lambda request: self._failed(who, request))
        context.on("request", lambda request: self._request(who, request))
        context.on("response", lambda response: self._response(who, response))

    @contextmanager
    def expecting(self, *statuses):
        """Within it these statuses are what the test asks for, and no failure."""
        before = self._expected
        self._expected = before | set(statuses)
        try:
            yield
        finally:
            self._expected = before

    def wait_for_drafts(self, page):
        """Waits until each draft that was sent has its answer: one may be under way when a page shows the next task. One that is
        refused is sent again, after the page has asked for the sign-in that holds."""
        end, quiet = time.monotonic() + PATIENCE / 1000, 0
        while quiet < 10 and time.monotonic() < end:
            page.wait_for_timeout(50)
            quiet = 0 if self._puts_under_way else quiet + 1

    @contextmanager
    def disconnected(self):
        """Within it the connection is cut, and requests that fail for that are what the test asks for."""
        self.is_cut = True
        try:
            yield
        finally:
            self.is_cut = False

    def _console(self, who, message):
        if message.type != "error" or (self.is_cut and "net::ERR_" in message.text):
            return
        status = re.search(r"responded with a status of (\d+)", message.text)
        if status and int(status.group(1)) in self._expected:
            return
        self.problems.append(f"{who}: console: {message.text}")

    def _request(self, who, request):
        if request.method == "PUT":
            self._puts_under_way.add(request)
        if not re.match(r"http://127\.0\.0\.1:\d+/|data:|blob:", request.url):
            self.problems.append(f"{who}: a request to another host: {request.url[:120]}")

    def _failed(self, who, request):
        self._puts_under_way.discard(request)
        if self.is_cut:
            return
        # The browser cancels what a page that is left still had under way, and a navigation that became a download.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"{who}: {request.method} {request.url} failed: {request.failure}")

    def _response(self, who, response):
        # Not when it is finished: an answer whose body no script reads never is.
        self._puts_under_way.discard(response.request)
        if response.status >= 400 and response.status not in self._expected:
            self.problems.append(f"{who}: {response.request.method} {response.url} answered {response.status}")


class Person:
    """One person at one browser: a context of its own, with a page."""

    def __init__(self, browser, server, watch, album, name, **options):
        self.server, self.watch, self.album, self.name = server, watch, album, name
        self.browser = browser
        options = {"viewport": {"width": 1440, "height": 900}, **options}
        self.has_scripts = options.get("java_script_enabled", True)
        self.context = browser.new_context(base_url=server.address, **options)
        watch.attach(self.context, name)
        self.page = self.context.new_page()

    def beside(self, name, **options):
        """The same person, signed in, at another browser: a telephone, or one without scripts. What that one answers must not
        stay on the screen of this one, whose heartbeat would be refused a minute later: `leave` it first."""
        return Person(
            self.browser, self.server, self.watch, self.album, name,
            storage_state=self.context.storage_state(), **options)

    def another_page(self):
        """A second tab of the same browser, as a person of its own to the test."""
        tab = object.__new__(Person)
        tab.__dict__.update(self.__dict__)
        tab.page = self.context.new_page()
        return tab

    def leave(self):
        """Goes from the task in hand, for another browser of the same person to answer."""
        self.go("/history")

    def go(self, path, picture=None, **options):
        self.page.goto(path)
        self.seen(picture, **options)

    def press(self, name, role="button", exact=True, within=None, picture=None):
        """Clicks a button or link by its name and looks at the page that it leads to."""
        scope = within or self.page
        with self.page.expect_navigation():
            scope.get_by_role(role, name=name, exact=exact).click()
        self.seen(picture)

    def seen(self, picture=None, **options):
        """Looks at this page's layout on the narrowest screen, and takes its picture where it has a name."""
        page = self.page
        page.wait_for_load_state("load")
        page.evaluate(HOLD)
        if not self.watch.is_cut and not page.evaluate(ALL_SENT):
            page.wait_for_function(ALL_SENT)
        size = page.viewport_size
        page.set_viewport_size({"width": NARROWEST, "height": size["height"]})
        culprit = page.evaluate(STICKING_OUT)
        where = re.sub(r"/welcome/.*", "/welcome/…", page.url.removeprefix(self.server.address))
        kind = re.sub(r"\d+", "#", re.sub(r"/tasks/[^/?]+", "/tasks/…", where.split("?")[0]))
        self.watch.pages_seen.add(kind)
        if culprit:
            self.watch.overflows.append(f"{where} ({page.title()}) {culprit}")
        drawings = page.evaluate(CUT_WORDS)
        self.watch.plots += len(drawings)
        self.watch.cut_words += [f"{where}: “{words}”" for words in sum(drawings, [])]
        page.set_viewport_size(size)
        if self.watch.accessibility:
            self.watch.accessibility.look(self, " ".join(filter(None, (kind, page.title(), picture))))
        if picture:
            self.album.take(page, picture, **options)
        page.evaluate(LET_GO)

    def heading(self):
        return self.page.get_by_role("heading", level=1).inner_text()

    def close(self):
        self.context.close()
