"""The model server under one client after another and under several at once: the same requests with the same seeds, so the
same texts. Standard library only. Called by `scripts/bench serving`.
"""

import argparse
import concurrent.futures
import http.client
import json
import pathlib
import statistics
import subprocess
import tempfile
import time


def start(arguments, folder, precision):
    announce = pathlib.Path(folder) / f"address-{precision}"
    process = subprocess.Popen([arguments.plumb, "model-server", "--policy", f"policy={arguments.model}", "--port", "0",
                                "--announce", str(announce), "--precision", precision], stdout=subprocess.DEVNULL)
    while not announce.exists():
        if process.poll() is not None:
            raise RuntimeError("the model server ended")
        time.sleep(0.05)
    return process, announce.read_text().strip().removeprefix("http://")


def ask(address, index, tokens):
    """One request; (text, completion tokens, seconds)."""
    started = time.monotonic()
    connection = http.client.HTTPConnection(address, timeout=600)
    body = {"model": "policy", "prompt": f"Write about the number {index} and", "seed": index, "max_tokens": tokens}
    connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["choices"][0]["text"], answer["usage"]["completion_tokens"], time.monotonic() - started


def run(address, clients, requests, tokens):
    """All requests by so many clients at once: (answers, seconds)."""
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(lambda i: ask(address, i, tokens), range(requests)))
    return answers, time.monotonic() - started


def compare(arguments, precision, folder):
    process, address = start(arguments, folder, precision)
    rows = []
    try:
        ask(address, 0, 4)
        speeds = {1: [], arguments.clients: []}
        latencies = {1: [], arguments.clients: []}
        texts = {}
        for _ in range(arguments.pairs):
            for clients in speeds:
                answers, seconds = run(address, clients, arguments.requests, arguments.tokens)
                texts.setdefault(clients, [a[0] for a in answers])
                speeds[clients].append(sum(a[1] for a in answers) / seconds)
                latencies[clients] += [a[2] for a in answers]
        if texts[1] != texts[arguments.clients]:
            raise SystemExit("the same seeds gave other texts under several clients")
        for clients in speeds:
            rows.append({"precision": precision, "clients": clients,
                         "tokens_per_second": statistics.median(speeds[clients]),
                         "median_latency": statistics.median(latencies[clients]), "longest": max(latencies[clients])})
    finally:
        process.terminate()
        process.wait()
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--precisions", nargs="*", default=["f32", "bf16", "int8"])
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for precision in arguments.precisions:
            rows += compare(arguments, precision, folder)
    print(f"{'width':7}{'clients':>8}{'tokens/s':>10}{'median s':>10}{'longest s':>11}")
    for r in rows:
        print(f"{r['precision']:7}{r['clients']:8}{r['tokens_per_second']:10.0f}{r['median_latency']:10.3f}{r['longest']:11.3f}")
    output = pathlib.Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    (output / "serving.json").write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
