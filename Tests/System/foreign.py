"""A model server of somebody else's in the place of ours: the server and `plumb evaluate` send it its key."""

import argparse
import http.server
import json
import os
import pathlib
import subprocess
import threading

from plumb import Report, Server

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
    report.finish()
