"""What a newcomer meets before the first page: folders that are relative to where scripts/run is called."""

import argparse
import pathlib
import shutil
import subprocess
import tempfile

from plumb import Report


def run_takes_folders_from_where_it_is_called(report, folder):
    """scripts/run beside a program that prints what it was given."""
    root = pathlib.Path(__file__).resolve().parents[2]
    checkout = folder / "checkout"
    shutil.copytree(root / "scripts", checkout / "scripts")
    release = checkout / ".build" / "release"
    release.mkdir(parents=True)
    (release / "plumb").write_text('#!/bin/sh\npwd\necho "$@"\n')
    (release / "plumb").chmod(0o755)
    setup = checkout / "scripts" / "lib" / "setup.sh"
    setup.write_text(setup.read_text() + "\nrequire_swift() { :; }\ninstall_build_libraries() { :; }\nbuild_release() { :; }\n")
    caller = folder / "caller"
    caller.mkdir()
    for given, expected in (([], f"serve --demo --data {checkout}/data"), (["--data", "./x"], "serve --demo --data ./x")):
        done = subprocess.run([str(checkout / "scripts" / "run"), *given], capture_output=True, text=True, cwd=caller)
        report.check(f"scripts/run {' '.join(given) or 'without --data'} from another folder", done.stdout == f"{caller}\n{expected}\n",
                     done.stdout.splitlines() or done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    parser.parse_args()
    report = Report()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumb-starting-")).resolve()
    run_takes_folders_from_where_it_is_called(report, folder)
    report.finish()
