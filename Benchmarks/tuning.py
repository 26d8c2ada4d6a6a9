"""Peak memory of tuning a model of TinyLlama's shape by low-rank products beside rounded weights.

Makes a folder of 1.1 billion random bfloat16 weights once, then runs `plumb train sft` for a few steps with each kind of
rounded weights, and prints what the process held at most and how long a step took. Standard library only. Called by
`scripts/bench tuning`.
"""

import argparse
import array
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import time

VOCABULARY, WIDTH, LAYERS, HEADS, KEY_VALUE_HEADS, FEED_FORWARD = 32_000, 2048, 22, 32, 4, 5632
LIMIT = 4 << 30
KINDS = {
    "nf4": ["base_weights=nf4"],
    "nf4, scales rounded": ["base_weights=nf4", "double_quantisation=true"],
    "int8": ["base_weights=int8"],
}


def tensors():
    """Names and shapes in the order of the file."""
    key_value = KEY_VALUE_HEADS * WIDTH // HEADS
    found = {"model.embed_tokens.weight": [VOCABULARY, WIDTH], "lm_head.weight": [VOCABULARY, WIDTH], "model.norm.weight": [WIDTH]}
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        for part, rows in (("q_proj", WIDTH), ("k_proj", key_value), ("v_proj", key_value), ("o_proj", WIDTH)):
            found[f"{name}.self_attn.{part}.weight"] = [rows, WIDTH]
        for part in ("gate_proj", "up_proj"):
            found[f"{name}.mlp.{part}.weight"] = [FEED_FORWARD, WIDTH]
        found[f"{name}.mlp.down_proj.weight"] = [WIDTH, FEED_FORWARD]
        found[f"{name}.input_layernorm.weight"] = [WIDTH]
        found[f"{name}.post_attention_layernorm.weight"] = [WIDTH]
    return dict(sorted(found.items()))


def bfloat16(value):
    return struct.unpack("<I", struct.pack("<f", value))[0] >> 16


def write_model(folder, tokenizer):
    folder.mkdir(parents=True)
    for file in tokenizer.iterdir():
        if "token" in file.name:
            shutil.copy(file, folder)
    ends = json.loads((tokenizer / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "vocab_size": VOCABULARY,
        "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KEY_VALUE_HEADS,
        "intermediate_size": FEED_FORWARD, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16", "bos_token_id": ends["bos_token_id"],
        "eos_token_id": ends["eos_token_id"], "pad_token_id": ends["pad_token_id"]}))
    header, offset = {}, 0
    for name, shape in tensors().items():
        size = 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    generator = random.Random(1)
    # A stretch of a length that no row has, repeated: every row is another one.
    stretch = array.array("H", (bfloat16(generator.gauss(0, 0.02)) for _ in range((1 << 20) + 7))).tobytes()
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for place in header.values():
            size = place["data_offsets"][1] - place["data_offsets"][0]
            if len(place["shape"]) == 1:
                file.write(struct.pack("<H", bfloat16(1.0)) * place["shape"][0])
                continue
            while size > 0:
                size -= file.write(stretch[:size])


def measure(program, folder, model, name, settings, steps):
    run = folder / name.replace(" ", "-").replace(",", "")
    shutil.rmtree(run, ignore_errors=True)
    command = [program, "train", "sft", "--run", run, "--base", model, "--demonstrations", folder / "demonstrations.jsonl"]
    for setting in ["tuning=lora", "kept=adapter", f"steps={steps}", "tokens_per_step=512", "tokens_per_pass=512",
                    "warm_up_steps=0", "learning_rate=0.0002", "weight_decay=0", "held_out_share=0", *settings]:
        command += ["--set", setting]
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    started = time.monotonic()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{name}: plumb ended with status {status}")
    lines = [json.loads(line) for line in (run / "attempts/1/metrics.jsonl").read_text().splitlines()]
    lines = [line for line in lines if "loss" in line]
    return {"name": name, "peak_bytes": usage.ru_maxrss * 1024, "processor_seconds": usage.ru_utime + usage.ru_stime,
            "wall_seconds": time.monotonic() - started, "losses": [line["loss"] for line in lines]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="folder of a model whose tokenizer is taken")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--steps", type=int, default=3)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    model = arguments.output / "model"
    if not (model / "model.safetensors").exists():
        shutil.rmtree(model, ignore_errors=True)
        write_model(model, arguments.tokenizer)
    (arguments.output / "demonstrations.jsonl").write_text("".join(
        json.dumps({"id": str(n), "prompt": f"Tell me about number {n}.", "response": f"It is {n}, and follows {n - 1}. " * 6}) + "\n"
        for n in range(40)))
    rows = [measure(arguments.plumb, arguments.output, model, kind, KINDS[kind], arguments.steps) for kind in arguments.kinds]
    print(f"{'weights':22}peak MiB  under 4 GiB  processor s  wall s  losses")
    for row in rows:
        print(f"{row['name']:22}{row['peak_bytes'] >> 20:8}  {'yes' if row['peak_bytes'] <= LIMIT else 'NO':11}  "
              f"{row['processor_seconds']:11.0f}  {row['wall_seconds']:6.0f}  {' '.join(f'{loss:.3f}' for loss in row['losses'])}")
    (arguments.output / "summary.json").write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
