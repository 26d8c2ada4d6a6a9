"""What a newcomer meets before the first page: the greeting, a busy port, a first start that was cut short, folders that are relative."""

import argparse
import pathlib
import shlex
import shutil
import subprocess
import tempfile

from plumb import Report, Server


def greeting_names_a_command_that_works(report, server):
    line = next(line for line in server.output().splitlines() if "Another link:" in line)
    command = shlex.split(line.split("Another link:", 1)[1])
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    report.check("the greeting's command for another link works from any folder, without plumb on the PATH",
                 done.returncode == 0 and done.stdout.startswith(f"{server.address}/welcome/"), done.stdout.strip() or done.stderr.strip())


def busy_port_is_told_in_words(report, program, server, folder):
    done = subprocess.run([program, "serve", "--data", str(folder / "other"), "--port", str(server.port)],
                          capture_output=True, text=True, timeout=60)
    report.check("a port that is taken ends the start with a sentence that names it and --port",
                 done.returncode != 0 and f"Port {server.port} of 127.0.0.1 is taken" in done.stderr and "--port" in done.stderr,
                 done.stderr.strip().splitlines()[-1:])


def interrupted_first_start_is_made_good(report, program, folder):
    """What a first start leaves that was ended early: half a copy of a policy, and no project or one without its prompts."""
    for is_begun in (False, True):
        data = folder / f"interrupted-{is_begun}" / "data"
        with Server(program, data=data, arguments=()) as server:
            if is_begun:
                server.post("/projects", {"name": "Demo"})
        half = data / "policies" / ".copy-of-demo-base"
        half.mkdir(parents=True)
        (half / "config.json").write_text("{")
        with Server(program, data=data) as server:
            project, token = server.project(), server.annotator_token()
            kept = server.rank(project, token)["kept"]
            report.check(f"--demo after a start that was ended {'during' if is_begun else 'before'} the demo project makes it whole",
                         kept == "counted", [one["name"] for one in server.get(f"/projects/{project}/policies")])
        before = server_projects(program, data)
        report.check("and later starts leave it as it is", before == server_projects(program, data) and len(before) == 1, before)


def server_projects(program, data):
    """Names and prompts of the projects after a start with --demo."""
    with Server(program, data=data) as server:
        return [(one["name"], server.get(f"/projects/{one['id']}/prompts")["counts"]) for one in server.get("/projects")]


def run_takes_folders_from_where_it_is_called(report, program, folder):
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
    program = str(pathlib.Path(parser.parse_args().plumb).resolve())
    report = Report()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumb-starting-")).resolve()
    with Server(program, data=folder / "first" / "data") as server:
        greeting_names_a_command_that_works(report, server)
        busy_port_is_told_in_words(report, program, server, folder)
    interrupted_first_start_is_made_good(report, program, folder)
    run_takes_folders_from_where_it_is_called(report, program, folder)
    report.finish()
