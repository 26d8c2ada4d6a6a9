"""Drives the product in a real browser as its people do, on a fresh data folder with the demo project.

Every page is looked at on a screen 360 pixels wide; a console error, a page error, a failed request or a refusal of the
content security policy fails the run. What is stored is asked of the store and the API, not of the page.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

HERE = str(pathlib.Path(__file__).resolve().parent)
sys.path.insert(0, str(pathlib.Path(HERE).parent / "System"))

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright

import accessibility
import checking
import chromium
import comparing
import feedback
import hostile
import hostile_feedback
import judging
import keeping
import lead_pages
import page_weight
import promoting
import ranking
import rating
import scripts
import signing_in
import training
import without_script
from album import Album
from people import Person, Watch
from plumb import ROOT, Refused, Report, Server


class BrowserTest:
    """What the chapters share: the server, the browser, the pictures, and who reports."""

    def __init__(self, server, browser, album, scratch):
        self.server, self.browser, self.album, self.scratch = server, browser, album, scratch
        self.report, self.watch = Report(), Watch()
        self.project = server.project()

    def person(self, name, **options):
        return Person(self.browser, self.server, self.watch, self.album, name, **options)

    def equal(self, promise, seen, expected):
        self.report.check(promise, seen == expected, seen if seen == expected else f"{seen!r}, not {expected!r}")

    def chapter(self, tell, *arguments):
        """Runs one chapter; where it breaks off, the others still run. Returns what it returns, or None."""
        try:
            return tell(self, *arguments)
        except (BrowserError, Refused, LookupError, RuntimeError, AttributeError, OSError, ValueError) as error:
            frames = reversed(traceback.extract_tb(error.__traceback__))
            at = next((f"{frame.name}, line {frame.lineno}" for frame in frames if HERE in frame.filename), "?")
            self.report.check(f"{tell.__module__}.{tell.__name__} runs to its end", False, f"{at}: {error}")
            for each in arguments:
                person = getattr(each, "lead", each)
                if isinstance(person, Person):
                    self._picture_of_failure(person, tell.__name__)
            return None

    def _picture_of_failure(self, person, chapter):
        path = self.scratch / f"failure-{chapter}-{person.name.replace(' ', '-')}.png"
        try:
            person.page.screenshot(path=path)
            print(f"     {person.name} was at {person.page.url}; picture: {path}", flush=True)
        except BrowserError as error:
            print(f"     no picture of {person.name}'s page: {error}", flush=True)


def tell(test, iterations):
    """The whole story, in the order in which people live it. Pages stay in use while training runs."""
    lead = test.chapter(signing_in.lead_signs_in)
    ada = lead and test.chapter(signing_in.lead_invites_annotator, lead)
    if ada is None:
        return
    for way in (ranking.by_keyboard, ranking.by_buttons, ranking.by_mouse, ranking.by_touch, ranking.skip, ranking.undo,
                ranking.reload, keeping.draft_survives, keeping.answered_elsewhere, keeping.next_task_is_there, keeping.offline, keeping.sign_in_ends,
                keeping.time_is_told, keeping.last_answer_is_taken_back):
        test.chapter(way, ada)
    test.chapter(keeping.skips_reach_a_lead, lead, ada)
    for way in (scripts.keyboards, scripts.active_time):
        test.chapter(way, ada)
    test.chapter(scripts.change_of_state_during_refresh, lead)
    test.chapter(ranking.lead_ranks, lead, 10)
    watching = lead.another_page()
    retraining = test.chapter(training.start, watching, "Retrain reward model", "retraining")
    if retraining:
        test.chapter(training.moves, retraining, 2)
    # While a job trains, people work on.
    test.chapter(lead_pages.prompts, lead)
    test.chapter(lead_pages.tokens, lead)
    if retraining:
        test.chapter(training.ends, retraining, "run-reward-model")
    if iterations > 0:
        test.chapter(training.set_short_refresh, lead, iterations)
    refresh = test.chapter(training.start, watching, "Refresh policy", "refresh")
    if refresh:
        # A picture to be kept waits until its curves have a shape.
        test.chapter(training.moves, refresh, 3 if test.album.is_kept else 1, "run-live")
    test.chapter(lead_pages.exports, lead)
    test.chapter(lead_pages.pause, lead, ada)
    test.chapter(signing_in.annotator_is_turned_away_and_back, lead)
    test.chapter(without_script.rank, ada)
    pairs = test.chapter(comparing.create, lead)
    if pairs:
        test.chapter(comparing.annotate, ada, pairs)
        test.chapter(without_script.compare, ada, pairs)
    rated = test.chapter(rating.create, lead)
    if rated:
        for way in (rating.nine_by_keys, rating.identical_and_hint, rating.compare, rating.touch, rating.without_script,
                    rating.keys_off, rating.layouts):
            test.chapter(way, ada, rated)
        test.chapter(rating.required, ada, lead)
        test.chapter(rating.properties, ada)
    checked = test.chapter(checking.create, lead)
    answered = checked and test.chapter(checking.unseen, ada, checked)
    if answered:
        test.chapter(checking.read, lead, checked, answered)
    graded, judged = test.chapter(judging.create, lead), test.chapter(judging.create_full, lead)
    if graded and judged:
        test.chapter(judging.every_grade, ada, graded)
        for way in (judging.safety, judging.reason, judging.neither, judging.narrow, judging.taken_back,
                    judging.without_script):
            test.chapter(way, ada, judged)
    writing = test.chapter(feedback.create, lead)
    if writing:
        for way in (feedback.write_all, feedback.turn_between_kinds, feedback.take_back, feedback.without_script):
            test.chapter(way, ada, writing)
        test.chapter(feedback.converse, lead, ada)
        test.chapter(feedback.practise, lead, ada)
    record = refresh and test.chapter(training.ends, refresh, "run-refresh", ("wide", "middle", "dark"))
    if record:
        test.chapter(promoting.samples, watching, record)
        watching.go(f"/lead/runs/{record['id']}")
        test.chapter(promoting.compares, watching, ada, record)
        test.chapter(training.makes_current, watching, ada, record)
    if writing:
        test.chapter(feedback.tune, lead, ada)
    test.chapter(lead_pages.pictures, lead)
    test.chapter(lead_pages.every_link, lead, "/lead")
    test.chapter(lead_pages.every_link, ada, "/tasks")
    test.chapter(hostile.addresses_ask, lead)
    test.chapter(hostile.stays_text, lead)
    test.chapter(hostile_feedback.stays_text)
    test.chapter(page_weight.every_page, lead)


def close(test):
    """What held on every page."""
    def check(promise, faults, otherwise=""):
        test.report.check(promise, not faults, "".join(f"\n       {fault}" for fault in faults) or otherwise)

    check("no console error, page error, failed request or refusal of the content security policy", test.watch.problems)
    axe = test.watch.accessibility
    check("axe-core finds no violation of WCAG 2.2 AA on any page and state", sorted(set(axe.violations)),
          f"{len(axe.states)} states, {axe.without_scripts} of them without scripts, in {axe.runs} looks at three widths, "
          "light and dark")
    check("no page is wider than a screen of 360 pixels", sorted(set(test.watch.overflows)),
          f"{len(test.watch.pages_seen)} kinds of page")
    check("no word of a plot is cut off", sorted(set(test.watch.cut_words)), f"{test.watch.plots} plots")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plumb", required=True, help="the program to test")
    parser.add_argument("--update-screenshots", action="store_true", help="write the pictures to --screenshots")
    parser.add_argument("--screenshots", default=str(ROOT / "docs" / "screenshots"), help="folder of the pictures")
    parser.add_argument(
        "--iterations", type=int, default=5, help="iterations of the refresh; 0 leaves the job's default")
    arguments = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="plumb-browser-"))
    folder = pathlib.Path(arguments.screenshots) if arguments.update_screenshots else scratch / "screenshots"
    started = time.monotonic()
    with sync_playwright() as playwright, Server(arguments.plumb, data=scratch / "data") as server:
        browser = chromium.launch(playwright)
        test = BrowserTest(server, browser, Album(folder, browser, is_kept=arguments.update_screenshots), scratch)
        test.watch.accessibility = accessibility.Accessibility()
        tell(test, arguments.iterations)
        close(test)
        browser.close()
    pictures = f"{len(test.album.taken)} pictures of {test.album.bytes / 1e6:.2f} MB"
    kept = f"in {folder}" if arguments.update_screenshots else "not kept (--update-screenshots keeps them)"
    print(f"{pictures}, {kept}; {time.monotonic() - started:.0f} s", flush=True)
    if test.report.failed:
        print(f"The data folder, the server's log and the pictures are kept in {scratch}", flush=True)
    else:
        shutil.rmtree(scratch)
    test.report.finish()


if __name__ == "__main__":
    main()
