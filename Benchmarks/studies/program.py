"""The program `plumb` as studies use it: its commands, in folders of their own."""

import hashlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "System"))

from plumb import Server  # noqa: E402

# Beside the checkout; the data is nobody's to pass on with the program.
SHARED_DATA = ROOT.parent / "shared" / "data"


class StudyError(Exception):
    """What a person should know, and do."""


class Plumb:
    def __init__(self, program):
        self.path = str(pathlib.Path(program).resolve())
        self.version = self("--version").strip()
        self.sha256 = hashlib.sha256(pathlib.Path(self.path).read_bytes()).hexdigest()[:16]

    def __call__(self, *arguments, environment=None):
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True,
                              env={**os.environ, **(environment or {})})
        if done.returncode:
            raise StudyError(f"plumb {' '.join(map(str, arguments))}\nended with status {done.returncode}:\n"
                             f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def train(self, kind, folder, seed, settings, **inputs):
        """A training run by `plumb train KIND`; the folder of what it made. - inputs: options by name, `_` for `-`."""
        output = pathlib.Path(folder) / "made"
        options = [part for name, value in inputs.items() for part in (f"--{name.replace('_', '-')}", value)]
        options += [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
        self("train", kind, "--run", pathlib.Path(folder) / "run", "--seed", seed, "--output", output, *options)
        return output

    def result(self, folder):
        """RESULT.json of the last attempt of `train`'s run."""
        return json.loads(sorted((pathlib.Path(folder) / "run" / "attempts").glob("*/RESULT.json"))[-1].read_text())

    def score(self, model, groups, folder):
        """Raw scores of a reward model: {response id: score} for each labelled group, in order."""
        answers = self.judged(model, groups, folder)
        return [{r["id"]: r["raw_score"] for r in answer["responses"]} for answer in answers]

    def judged(self, model, groups, folder):
        """What `plumb score` says of each group."""
        file = pathlib.Path(folder) / "to-score.jsonl"
        write_lines(file, [{"prompt": g["prompt"], "responses": g["responses"]} for g in groups])
        return parsed(self("score", "--model", model, file))

    def import_labels(self, lines, folder, base):
        """Brings native lines into a new store by `plumb import labels` and hands back what `plumb export` then writes."""
        folder = pathlib.Path(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        data = folder / "data"
        self("add-policy", "base", "--data", data, "--folder", base)
        with Server(self.path, data=data, arguments=()) as server:
            server.post("/projects", {"name": "Study"})
        write_lines(folder / "labels.jsonl", lines)
        said = self("import", "labels", folder / "labels.jsonl", "--project", "Study", "--data", data)
        self("export", "--project", "Study", "--data", data, "--every-revision", "--output", folder / "exported.jsonl")
        exported = read_lines(folder / "exported.jsonl")
        shutil.rmtree(data)
        return said.strip(), exported


def processor_seconds():
    """Of all programs that were called so far and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def write_lines(file, lines):
    pathlib.Path(file).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def read_lines(file):
    return parsed(pathlib.Path(file).read_text())


def parsed(text):
    """JSON lines. Not by `splitlines`, which also cuts at line separators inside of a response."""
    return [json.loads(line) for line in text.split("\n") if line]


def token_counter(base, folder):
    """A policy that has the base's tokenizer and chat form, room for any text, and next to no weights, all zero: what `plumb score` says of
    texts under it are their tokens in the base."""
    folder = longer_context(base, folder, 1 << 20)
    file = folder / "config.json"
    vocabulary = json.loads(file.read_text())["vocab_size"]
    width = 8
    file.write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": width, "intermediate_size": width,
        "num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1, "vocab_size": vocabulary, "rms_norm_eps": 1e-5,
        "max_position_embeddings": 1 << 20, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": True,
        **{name: value for name, value in json.loads((pathlib.Path(base) / "config.json").read_text()).items() if name.endswith("_token_id")}}))
    layer = "model.layers.0."
    squares = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
    shapes = {"model.embed_tokens.weight": [vocabulary, width], "model.norm.weight": [width],
              **{f"{layer}{name}.weight": [width, width] for name in squares},
              **{f"{layer}{name}_layernorm.weight": [width] for name in ("input", "post_attention")}}
    header, place = {}, 0
    for name, shape in shapes.items():
        size = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(place))
    return folder


def longer_context(base, folder, tokens):
    """A copy of a Llama policy that takes more tokens. Rotary positions have no table, so only config.json changes; positions
    behind its own context were never trained, and the reward model learns them with the rest."""
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    file = folder / "config.json"
    file.chmod(0o644)
    configuration = json.loads(file.read_text())
    configuration["max_position_embeddings"] = tokens
    file.write_text(json.dumps(configuration))
    return folder
