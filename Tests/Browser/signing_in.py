"""The one-time link, the password, invitations: how a lead and an annotator get in."""

LEAD, LEAD_PASSWORD = "lead", "a plumb line hangs true"
ANNOTATOR, ANNOTATOR_PASSWORD = "Ada", "four ripe apples"


def lead_signs_in(test):
    report, server = test.report, test.server
    lead = test.person("lead")
    lead.go("/", picture="sign-in", variants=("wide", "narrow"))
    report.check("a visitor is asked to sign in", lead.heading() == "Sign in", lead.page.url)
    lead.page.get_by_label("Name").fill("nobody")
    lead.page.get_by_label("Password").fill("not a password")
    with test.watch.expecting(401, 403, 422):
        lead.press("Sign in")
    report.check("a wrong password is answered in words", lead.page.get_by_role("alert").count() == 1,
                 lead.page.get_by_role("alert").first.inner_text())

    lead.go(server.link, picture="welcome")
    lead.page.get_by_label("Choose a password").fill(LEAD_PASSWORD)
    lead.press("Sign in")
    report.check("the printed link signs the lead in and leads to the projects",
                 lead.heading() == "Projects" and lead.page.get_by_role("link", name="Demo").is_visible(),
                 lead.page.url)

    stranger = test.person("stranger")
    with test.watch.expecting(404, 410):
        stranger.go(server.link, picture="used-link", variants=("narrow",))
    report.check("the link works once: a second use shows a page that says so",
                 stranger.page.get_by_label("Choose a password").count() == 0
                 and "used already" in stranger.page.locator("main").inner_text(),
                 f"{stranger.heading()}: {stranger.page.locator('main p').nth(1).inner_text()}")
    stranger.close()

    lead.press("Sign out")
    report.check("signing out ends the session", lead.page.get_by_role("status").inner_text() == "You are signed out.")
    lead.go("/lead/people")
    report.check("a page behind the sign-in asks for it first", lead.heading() == "Sign in")
    lead.page.get_by_label("Name").fill(LEAD)
    lead.page.get_by_label("Password").fill(LEAD_PASSWORD)
    lead.press("Sign in")
    report.check("the chosen password signs in, and leads where the person was going", lead.heading() == "People",
                 lead.page.url)
    return lead


def lead_invites_annotator(test, lead):
    report = test.report
    lead.go("/lead/people")
    lead.press("Invite an annotator", picture="invitation-link")
    link = lead.page.get_by_label("Link").input_value()
    report.check("an invitation is a whole address, to be sent as it is",
                 link.startswith(test.server.address + "/welcome/"), link[:30] + "…")
    ada = test.person("Ada")
    ada.go(link)
    ada.page.get_by_label("Your name here").fill(ANNOTATOR)
    ada.page.get_by_label("Choose a password").fill("short")
    # The browser itself refuses a password below the least length; the form must stay.
    ada.page.get_by_role("button", name="Create my account").click()
    report.check("a short password is not taken", ada.page.get_by_label("Choose a password").is_visible())
    ada.page.get_by_label("Choose a password").fill(ANNOTATOR_PASSWORD)
    ada.press("Create my account")
    report.check("an invited annotator signs in and lands on a task",
                 ada.page.locator("form.ranking, [data-looks-again]").count() == 1, ada.page.url)
    lead.press("I have copied it", role="link")
    row = lead.page.get_by_role("row").filter(has=lead.page.get_by_role("rowheader", name=ANNOTATOR))
    report.check("the people page lists the annotator with the role", "nnotator" in row.inner_text(),
                 " ".join(row.inner_text().split()))
    lead.seen("people")
    with test.watch.expecting(403, 404):
        ada.go("/lead")
    report.check("an annotator has no way into the lead's pages", ada.heading() != "Projects", ada.heading())
    ada.go("/tasks")
    return ada


def annotator_is_turned_away_and_back(test, lead):
    """Deactivating ends a person's sessions; a sign-in link and activation bring them back."""
    report = test.report
    lead.go("/lead/people")
    lead.press("Invite an annotator")
    ben = test.person("Ben")
    ben.go(lead.page.get_by_label("Link").input_value())
    ben.page.get_by_label("Your name here").fill("Ben")
    ben.page.get_by_label("Choose a password").fill(ANNOTATOR_PASSWORD)
    ben.press("Create my account")
    lead.go("/lead/people")
    lead.press("Deactivate Ben")
    ben.go("/history")
    report.check("a deactivated person is signed out", ben.heading() == "Sign in", ben.heading())
    lead.press("Activate Ben")
    lead.press("Sign-in link for Ben")
    ben.go(lead.page.get_by_label("Link").input_value())
    ben.page.get_by_label("Choose a password").fill(ANNOTATOR_PASSWORD + " again")
    ben.press("Sign in")
    ben.go("/history")
    report.check("a sign-in link brings a person back", ben.heading() == "My answers", ben.heading())
    ben.close()
