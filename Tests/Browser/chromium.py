"""Which Chromium the tests drive."""

import pathlib

SYSTEM = ("/usr/bin/chromium", "/usr/bin/google-chrome")


def launch(playwright):
    """Debian's or Google's; where there is neither, the one that playwright brings, which scripts/test installs on Ubuntu."""
    found = next((path for path in SYSTEM if pathlib.Path(path).exists()), None)
    return playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
