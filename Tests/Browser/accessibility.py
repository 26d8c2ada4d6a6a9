"""axe-core on every page and state that the browser test visits: the rules of WCAG 2.2, levels A and AA."""

import importlib.util
import pathlib

from playwright.sync_api import Error as BrowserError

SIZES = ((1440, 900), (768, 1024), (360, 740))
SCHEMES = ("light", "dark")

RUN = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
  const found = await axe.run(document, {
    runOnly: { type: 'tag', values: tags }, rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'],
  });
  return found.violations.map((each) => {
    const node = each.nodes[0];
    const why = node.failureSummary.split('\\n').slice(1).join(' ').trim().slice(0, 200);
    return `${each.id} (${each.nodes.length}): ${node.html.replace(/\\s+/g, ' ').slice(0, 140)} ${why}`;
  });
}"""


class Accessibility:
    """Looks at pages with axe: at all sizes and schemes when a state is new, as it is when it was seen before."""

    def __init__(self):
        package = importlib.util.find_spec("axe_playwright_python")
        self.source = (pathlib.Path(package.origin).parent / "axe.min.js").read_text()
        self.violations = []
        self.states = set()
        # An address of each kind of page.
        self.addresses = {}
        self.runs = 0
        self.without_scripts = 0

    def look(self, person, state):
        """- state: what tells this state of a page from others of the same page."""
        page = person.page
        self.addresses.setdefault(state.split(" ")[0], page.url)
        if not person.has_scripts:
            self._look_without_scripts(person, state)
            return
        if state in self.states:
            return
        self.states.add(state)
        size = page.viewport_size
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            # What a page does about its new size, it does in the next frames.
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self._run(page, f"{state} at {width} {scheme}")
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size(size)

    def _run(self, page, where):
        # Colours on their way from one scheme to the other are nobody's: what moves is led to its end first.
        page.evaluate("() => document.getAnimations().forEach((each) => { try { each.finish() } catch { each.cancel() } })")
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(self.source)
        self.runs += 1
        self.violations += [f"{where}: {each}" for each in page.evaluate(RUN)]

    def _look_without_scripts(self, person, state):
        """axe itself is a script: the same document is looked at in a browser that runs axe and none of the page's own."""
        state = f"{state} without scripts"
        if state in self.states:
            return
        self.states.add(state)
        self.without_scripts += 1
        context = person.browser.new_context()
        try:
            page = context.new_page()
            page.route("**/*.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
            page.route(person.page.url, lambda route: route.fulfill(
                content_type="text/html; charset=utf-8", body=person.page.content()))
            page.goto(person.page.url)
            self._run(page, state)
        except BrowserError as error:
            self.violations.append(f"{state}: could not be looked at: {error}")
        finally:
            context.close()
