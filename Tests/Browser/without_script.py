"""Both forms without a line of script running."""

import store
from album import ALL
from comparing import wait_for_pair
from people import PATIENCE


def rank(test, ada):
    report, project = test.report, test.project
    plain = ada.beside("Ada without scripts", java_script_enabled=False)
    page = plain.page
    plain.go(f"/projects/{project}/next", picture="ranking-plain", variants=ALL, whole=False)
    before = store.label_count(test.server, project)
    with test.watch.expecting(422):
        plain.press("Submit")
    report.check("without scripts an untouched form is refused in words",
                 "Nothing is ranked yet" in page.get_by_role("alert").inner_text()
                 and store.label_count(test.server, project) == before, page.get_by_role("alert").inner_text())
    for letter, rank in zip("ABCD", ("2", "1", "2", "3")):
        page.get_by_label(f"Rank of response {letter}").select_option(rank)
    page.get_by_label("not acceptable: response D").check()
    plain.press("Submit")
    label = store.StoredLabel(test.server, "Ada")
    test.equal("without scripts a ranking is submitted and stored", label.ranking, ("B AC D", "D"))
    page.locator("summary", has_text="Skip").click()
    page.get_by_label("Another reason").check()
    plain.press("Skip this task")
    reason = store.value(test.server, "SELECT reason FROM skips ORDER BY id DESC LIMIT 1")
    test.equal("without scripts a task is skipped", reason, "other")
    plain.close()


def compare(test, ada, pairs):
    ada.leave()
    plain = ada.beside("Ada without scripts", java_script_enabled=False)
    wait_for_pair(plain, pairs)
    plain.page.get_by_role("radio", name="B is slightly better").check()
    plain.press("Submit")
    label = store.StoredLabel(test.server, "Ada")
    test.equal("without scripts a comparison is submitted and stored", label.comparison, ("B", "A", "slightly"))
    plain.close()
