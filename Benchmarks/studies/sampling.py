"""Responses of a policy from `plumb model-server`, many to a prompt."""

import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import subprocess
import time


@contextlib.contextmanager
def server(plumb, policy, folder):
    """The address of a model server that has the policy, while the block runs."""
    announce = pathlib.Path(folder) / "model-server"
    announce.unlink(missing_ok=True)
    process = subprocess.Popen([plumb.path, "model-server", "--policy", f"policy={policy}", "--port", "0", "--announce", str(announce)],
                               stdout=subprocess.DEVNULL)
    try:
        while not announce.exists():
            if process.poll() is not None:
                raise RuntimeError(f"the model server ended with status {process.returncode}")
            time.sleep(0.05)
        yield announce.read_text().strip().removeprefix("http://")
    finally:
        process.terminate()
        process.wait(30)


def groups(plumb, policy, prompts, count, seed, folder, maximum_tokens=96):
    """A group of `count` responses to each prompt, at temperature 1: `{"id", "prompt", "responses"}`."""

    def ask(address, place, prompt):
        body = {"model": "policy", "messages": [{"role": "user", "content": prompt}], "n": count, "seed": seed * 1_000_003 + place,
                "max_tokens": maximum_tokens}
        connection = http.client.HTTPConnection(address, timeout=1200)
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        heard = connection.getresponse()
        answer = json.loads(heard.read())
        connection.close()
        if heard.status != 200:
            raise RuntimeError(f"the model server answered {heard.status}: {answer}")
        return {"id": f"{seed}-{place}", "prompt": prompt, "responses": [
            response(choice) for choice in sorted(answer["choices"], key=lambda choice: choice["index"])]}

    with server(plumb, policy, folder) as address, concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda entry: ask(address, *entry), enumerate(prompts)))


def response(choice):
    """A choice of the server's as a response of a group, with the ids that were sampled: the text made into tokens again may give others."""
    return {"id": str(choice["index"]), "text": choice["message"]["content"], "finished": choice["finish_reason"] == "stop",
            "token_ids": choice["token_ids"], "token_ids_source": "own"}
