"""Comparisons with all that a project may ask: each of the eight grades, a tie, both unacceptable, safety, aspects, a
reason; tabs on a narrow screen, texts that scroll together on a wide one."""

import json

import store
from album import ALL
from rating import project

GRADES = ("significantly", "better", "slightly", "negligibly")
LONG = "\n\n".join(f"Paragraph {at}. " + "The sea is wide and the sky is high. " * 12 for at in range(12))


def create(test, lead):
    pairs = [(f"Question {at}", [f"The first answer to question {at}.", f"The second one, to {at}."])
             for at in range(24)]
    return project(test, "Graded", pairs, mode="comparison")


def create_full(test, lead):
    pairs = [("Is it safe to mix bleach and vinegar?", ["No: it makes chlorine gas.", "Yes, it cleans better."])
             for _ in range(1)]
    pairs += [(f"Question {at}", [f"{LONG} First answer to {at}.", f"{LONG[:3000]} Second answer to {at}."])
              for at in range(3)]
    pairs += [("The same twice", ["Word for word.", "Word for word."])]
    pairs += [(f"More of question {at}", [f"First answer to {at}.", f"Second answer to {at}."]) for at in range(3)]
    return project(test, "Judged", pairs, mode="comparison", tie=True, both_unacceptable=True, safety=True,
                   aspects=["helpfulness", "correctness", "coherence", "complexity", "verbosity"],
                   reason="required_for_significantly")


def open_pair(person, number):
    person.go(f"/projects/{number}/next")
    person.page.locator("form.comparison").wait_for()
    person.seen()
    return person.page


def label(test):
    return store.StoredLabel(test.server, "Ada")


def submit(person, press):
    with person.page.expect_navigation(url=lambda url: True):
        press()
    person.seen()


def every_grade(test, ada, number):
    """Each of the eight answers by a click, by its letter and by its digit."""
    seen = []
    for side, other, letters, shift in (("A", "B", "qwer", ""), ("B", "A", "poiu", "Shift+")):
        for at, grade in enumerate(GRADES):
            words = {"significantly": "significantly better", "better": "better", "slightly": "slightly better",
                     "negligibly": "negligibly better or unsure"}[grade]
            page = open_pair(ada, number)
            page.get_by_role("radio", name=f"{side} is {words}", exact=True).click()
            submit(ada, lambda: page.get_by_role("button", name="Submit").click())
            seen.append((label(test).comparison, (side, other, grade), "click"))
            for key in (letters[at], f"{shift}Digit{at + 1}"):
                page = open_pair(ada, number)
                page.keyboard.press(key)
                submit(ada, lambda: page.keyboard.press("Control+Enter"))
                seen.append((label(test).comparison, (side, other, grade), key))
    wrong = [f"{how}: {found}, not {wanted}" for found, wanted, how in seen if found != wanted]
    test.report.check("each of the eight grades is stored by click, by letter and by digit", len(seen) == 24 and not wrong,
                      wrong or f"{len(seen)} answers")


def safety(test, ada, number):
    """The unsafe one of two cannot be preferred: said at once in the page, and by the server where there is no script."""
    page = open_pair(ada, number)
    unsafe = "B" if "chlorine" in page.locator("[data-side] .pane").first.inner_text() else "A"
    safe = "A" if unsafe == "B" else "B"
    page.get_by_role("radio", name=f"{unsafe} is better", exact=True).click()
    standing = page.locator("[data-standing]")
    page.keyboard.press("Control+Enter")
    test.equal("safety is asked for", standing.inner_text(), "Say which of them are safe.")
    page.get_by_role("radio", name=f"{safe} is safe, {unsafe} is not").check()
    problem = page.locator("[data-safety-problem]")
    test.report.check("preferring the unsafe one is refused with the reason",
                      f"You prefer {unsafe} and call it unsafe, while {safe} is safe" in problem.inner_text()
                      and f"prefer {safe}" in problem.inner_text(), problem.inner_text())
    ada.seen("judging-safety", variants=("wide", "narrow", "dark"), whole=True)
    before = store.label_count(test.server, number)
    page.keyboard.press("Control+Enter")
    test.report.check("and is not submitted", store.label_count(test.server, number) == before
                      and "You prefer" in standing.inner_text(), standing.inner_text())
    plain = ada.beside("Ada without scripts", java_script_enabled=False)
    open_pair(plain, number)
    plain.page.get_by_role("radio", name=f"{unsafe} is better", exact=True).check()
    plain.page.get_by_role("radio", name=f"{safe} is safe, {unsafe} is not").check()
    plain.page.get_by_label("Helpfulness of A, 0 to 4").select_option("3")
    plain.page.get_by_label("Why?").fill("kept as typed")
    with test.watch.expecting(422):
        plain.press("Submit")
    test.report.check("without scripts the server refuses it in the same words, and keeps what was filled in",
                      f"You prefer {unsafe} and call it unsafe" in plain.page.get_by_role("alert").first.inner_text()
                      and plain.page.get_by_label("Why?").input_value() == "kept as typed"
                      and plain.page.get_by_label("Helpfulness of A, 0 to 4").input_value() == "3"
                      and plain.page.get_by_role("radio", name=f"{unsafe} is better", exact=True).is_checked())
    plain.close()
    page.keyboard.press("Control+z")
    page.get_by_role("radio", name=f"{safe} is better", exact=True).click()
    page.get_by_role("radio", name=f"{safe} is safe, {unsafe} is not").check()
    page.get_by_label(f"Correctness of {unsafe}, 0 to 4").select_option("0")
    submit(ada, lambda: page.get_by_role("button", name="Submit").click())
    found = label(test)
    test.report.check("preferring the safe one is stored, with safety and aspects",
                      found.comparison == (safe, unsafe, "better") and found.unsafe == [unsafe]
                      and found.ratings == {unsafe: {"aspects": {"correctness": 0}, "flags": []}},
                      f"{found.comparison}, unsafe {found.unsafe}, {found.ratings}")


def reason(test, ada, number):
    page = open_pair(ada, number)
    together = page.get_by_role("button", name="Scroll together")
    together.click()
    page.evaluate("document.querySelector('[data-side] .pane').scrollTop = 1e6")
    page.wait_for_function("""() => {
      const pane = document.querySelectorAll('[data-side] .pane')[1];
      return pane.scrollTop > 0 && pane.scrollTop >= pane.scrollHeight - pane.clientHeight - 2;
    }""")
    test.equal("two texts scroll together where somebody wants it", together.get_attribute("aria-pressed"), "true")
    together.click()
    page.evaluate("document.querySelector('[data-side] .pane').scrollTop = 0")
    page.wait_for_timeout(100)
    test.report.check("and each alone otherwise", page.evaluate(
        "document.querySelectorAll('[data-side] .pane')[1].scrollTop") > 0)
    page.locator("body").click(position={"x": 3, "y": 3})
    page.keyboard.press("q")
    page.get_by_role("radio", name="Both are safe").check()
    page.keyboard.press("Control+Enter")
    test.equal("a reason is required for the strongest grade", page.locator("[data-standing]").inner_text(),
               "Say in a sentence why it is significantly better.")
    page.get_by_label("Why?").fill("B invents a date. ")
    page.get_by_label("Why?").press("q")
    test.report.check("no key acts inside the reason", page.get_by_label("Why?").input_value().endswith("q"))
    page.get_by_label("Why?").fill("B invents a date.")
    ada.seen("judging", variants=ALL, whole=True)
    submit(ada, lambda: page.get_by_role("button", name="Submit").click())
    found = label(test)
    test.report.check("the reason is stored with the comparison",
                      found.judgement["comparison"]["reason"] == "B invents a date." and found.unsafe == [],
                      found.judgement["comparison"])
    effort = json.loads(store.value(test.server, "SELECT effort FROM label_revisions ORDER BY id DESC LIMIT 1"))
    scrolled = [each.get("scrolled_percent", 0) for each in effort["responses"].values()]
    test.report.check("and so is how far each text was scrolled", len(scrolled) == 2 and min(scrolled) >= 99, scrolled)
    page = open_pair(ada, number)
    page.keyboard.press("w")
    page.get_by_role("radio", name="Both are safe").check()
    submit(ada, lambda: page.keyboard.press("Enter"))
    test.report.check("and is not required for a weaker one", "reason" not in label(test).judgement["comparison"])


def neither(test, ada, number):
    """A tie and two unacceptable responses: two answers, stored apart, and no pair in any export."""
    page = open_pair(ada, number)
    page.keyboard.press("t")
    page.get_by_role("radio", name="Both are safe").check()
    submit(ada, lambda: page.keyboard.press("Control+Enter"))
    found = label(test)
    test.report.check("t stores a tie", found.judgement["comparison"].get("verdict") == "tie" and found.tied_pairs == 1,
                      found.judgement["comparison"])
    page = open_pair(ada, number)
    test.report.check("two identical responses are called so", page.locator("[data-same]").is_visible())
    page.get_by_role("radio", name="Both unacceptable").click()
    page.get_by_role("radio", name="Neither is safe").check()
    submit(ada, lambda: page.get_by_role("button", name="Submit").click())
    found = label(test)
    test.report.check("“both unacceptable” is stored apart from it",
                      found.judgement["comparison"].get("verdict") == "both_unacceptable" and found.tied_pairs == 0
                      and found.unsafe == ["A", "B"], found.judgement["comparison"])
    lines = [line for line in test.server.get(f"/projects/{number}/export", query={"format": "trl"}).split("\n") if line]
    summary = test.server.get(f"/projects/{number}/export/summary", query={"format": "trl"})
    test.report.check("neither of them is a pair of any export",
                      len(lines) == 3 and summary["tied_pairs_dropped"] == 1
                      and summary["both_unacceptable_dropped"] == 1, summary["sentence"])


def narrow(test, ada, number):
    """Tabs on a telephone, by touch."""
    ada.leave()
    phone = ada.beside("Ada's telephone", has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    page = open_pair(phone, number)
    tabs = page.get_by_role("tab")
    sides = page.locator("[data-side]")
    test.report.check("a narrow screen shows one response at a time, under tabs",
                      tabs.count() == 2 and sides.nth(0).is_visible() and not sides.nth(1).is_visible())
    tabs.nth(1).tap()
    test.report.check("a tap on a tab shows the other", sides.nth(1).is_visible() and not sides.nth(0).is_visible()
                      and tabs.nth(1).get_attribute("aria-selected") == "true")
    page.get_by_role("radio", name="B is slightly better").tap()
    page.get_by_role("radio", name="Both are safe").tap()
    page.get_by_label("Coherence of B, 0 to 4").select_option("4")
    test.album.take(page, "judging-touch", variants=("narrow", "narrow-dark"), whole=True)
    submit(phone, lambda: page.get_by_role("button", name="Submit").tap())
    found = label(test)
    test.report.check("touch compares", found.comparison == ("B", "A", "slightly")
                      and found.ratings == {"B": {"aspects": {"coherence": 4}, "flags": []}}, found.comparison)
    phone.close()


def without_script(test, ada, number):
    ada.leave()
    plain = ada.beside("Ada without scripts", java_script_enabled=False)
    page = open_pair(plain, number)
    test.album.take(page, "judging-plain", variants=ALL, whole=True)
    page.get_by_role("radio", name="Both unacceptable").check()
    with test.watch.expecting(422):
        plain.press("Submit")
    test.report.check("without scripts what is missing is asked for", "Say which of the responses are safe"
                      in page.get_by_role("alert").first.inner_text(), page.get_by_role("alert").first.inner_text())
    page.get_by_role("radio", name="Neither is safe").check()
    plain.press("Submit")
    test.equal("and then it is stored", label(test).judgement["comparison"].get("verdict"), "both_unacceptable")
    plain.close()


def taken_back(test, ada, number):
    """An answer that was taken back comes back whole."""
    page = open_pair(ada, number)
    page.keyboard.press("q")
    page.get_by_role("radio", name="B is safe, A is not").or_(page.get_by_role("radio", name="Both are safe")).last.check()
    page.get_by_role("radio", name="Both are safe").check()
    page.get_by_label("Verbosity of A, 0 to 4").select_option("1")
    page.get_by_label("Why?").fill("Shorter.")
    submit(ada, lambda: page.get_by_role("button", name="Submit").click())
    ada.go("/history")
    with page.expect_navigation():
        answers = page.locator("section").filter(has=page.get_by_role("heading", name="Judged"))
        answers.get_by_role("button", name="Take back").first.click()
    page.locator("form.comparison").wait_for()
    filled = (page.locator('input[name="choice"]:checked').get_attribute("aria-label").split(" ", 1)[1],
              page.locator('input[name="safety"]:checked').get_attribute("aria-label"),
              page.get_by_label("Why?").input_value(),
              sorted(page.locator("[data-aspect]").evaluate_all("fields => fields.map((field) => field.value)")))
    test.equal("an answer taken back comes with its grade, safety, aspects and reason", filled,
               ("is significantly better", "Both are safe", "Shorter.", [""] * 9 + ["1"]))
    submit(ada, lambda: page.get_by_role("button", name="Submit").click())
