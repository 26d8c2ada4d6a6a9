"""Models of somebody else's: a server in the place of ours, which is sent its key, and policies that are added while ours runs."""

import argparse
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import threading

from plumb import Refused, Report, Server

KEY = "a key of the foreign server's"


class Foreign(http.server.BaseHTTPRequestHandler):
    """Knows one model, answers “four”, and nobody without the key."""

    refused = 0

    def answer(self, body):
        if self.headers.get("authorization") != f"Bearer {KEY}":
            Foreign.refused += 1
            self.send_response(401)
            body = {"error": {"message": "the key is missing"}}
        else:
            self.send_response(200)
        data = json.dumps(body).encode()
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer({"object": "list", "data": [{"id": "demo-supervised", "object": "model"}]})

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer({"choices": [{"index": 0, "text": "four", "message": {"role": "assistant", "content": "four"},
                                  "finish_reason": "stop"}]})

    def log_message(self, *_):
        pass


def add(program, data, name, *more):
    return subprocess.run([program, "add-policy", name, "--data", str(data), *map(str, more)], capture_output=True, text=True)


def policies_are_added_while_it_runs(report, program, server):
    """A model's folder and another server's model, by the command beside the server, and a folder by hand."""
    project = server.project()
    model = server.data / "policies" / "demo-supervised"
    done = add(program, server.data, "mine", "--folder", model, "--current-in", "Demo")
    known = {one["name"]: one for one in server.get(f"/projects/{project}/policies")}
    report.check("plumb add-policy copies a folder beside a running server and makes it current",
                 done.returncode == 0 and known["mine"]["is_current"] and known["mine"]["kind"] == "supervised"
                 and known["mine"]["sha256"] == known["demo-supervised"]["sha256"], (done.stdout + done.stderr).strip())
    done = add(program, server.data, "base", "--folder", model, "--base", "--current-in", "Nowhere")
    copies = [folder.name for folder in (server.data / "policies").iterdir() if folder.name.startswith(".") or folder.name == "base"]
    report.check("a project that is not there is told before anything is copied", done.returncode != 0 and "Nowhere" in done.stderr
                 and not copies, done.stderr.strip())
    done = add(program, server.data, "base", "--folder", model, "--base")
    known = {one["name"]: one for one in server.get(f"/projects/{project}/policies")}
    report.check("a base model is entered as one", done.returncode == 0 and known["base"]["kind"] == "base", done.stderr.strip())
    done = add(program, server.data, "other", "--server", "http://127.0.0.1:9")
    report.check("and enters another server's model", done.returncode == 0, (done.stdout + done.stderr).strip())
    done = add(program, server.data, "other", "--folder", model)
    report.check("a name that is taken is refused, and no copy stays", done.returncode != 0 and "other" in done.stderr
                 and not any((server.data / "policies" / name).exists() for name in ("other", ".copy-of-other")), done.stderr.strip())
    broken = server.data / "policies" / "broken"
    shutil.copytree(model, broken)
    (broken / "model.safetensors").write_bytes(b"no weights")
    folders = server.get("/policy-folders")
    report.check("a folder that was put there by hand is listed", folders == ["broken"], folders)
    try:
        refused = server.post("/policies", {"name": "broken"})
    except Refused as answer:
        refused = answer.body
    report.check("and one that Plumb cannot run is refused with the reason", "model.safetensors" in refused, refused)
    known = [one["name"] for one in server.get(f"/projects/{project}/policies")]
    report.check("what was refused is no policy", "broken" not in known, known)


def evaluate(program, data, task, *more):
    return subprocess.run(
        [program, "evaluate", "--data", str(data), "--policy", "demo-supervised", "--task", str(task), *more],
        capture_output=True, text=True, env={**os.environ, "FOREIGN_KEY": KEY})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    program = parser.parse_args().plumb
    report = Report()
    foreign = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=foreign.serve_forever, daemon=True).start()
    os.environ["FOREIGN_KEY"] = KEY
    arguments = ("--demo", "--model-server", f"http://127.0.0.1:{foreign.server_port}",
                 "--model-server-key-variable", "FOREIGN_KEY")
    with Server(program, arguments=arguments) as server:
        task = pathlib.Path(server.data.parent) / "sums.jsonl"
        task.write_text('{"prompt": "2 + 2?", "answers": ["four"]}\n{"prompt": "2 + 3?", "answers": ["five"]}\n')
        report.check("the server itself sends the key", Foreign.refused == 0, Foreign.refused)
        without = evaluate(program, server.data, task)
        report.check("without it the evaluation is refused, in words",
                     without.returncode != 0 and "the key is missing" in without.stderr, without.stderr.strip()[-120:])
        found = evaluate(program, server.data, task, "--key-variable", "FOREIGN_KEY")
        report.check("with --key-variable it is made and kept", found.returncode == 0 and "(1 of 2)" in found.stdout
                     and "Kept on the card" in found.stdout, (found.stdout + found.stderr).strip()[-200:])
    with Server(program) as server:
        policies_are_added_while_it_runs(report, program, server)
    report.finish()
