"""What PyTorch computes on random small models of every architecture, with the choices and the files that people have.

`python parity_cases.py OUTPUT [--seed S]` writes one folder a case, in the layout that `PARITY_CASES=OUTPUT scripts/test parity`
reads. The fixtures of Tests/Fixtures/parity have one model an architecture in the usual form; here sizes are drawn, and with them
what config.json may choose (scalings, windows, biases, tied matrices, residuals side by side or not), its older and newer
spelling, the weights' type, shards, names without their prefix and matrices stored under their other name. The models that the
Swift test has written anew to a folder are read back by `python parity_cases.py OUTPUT --written FOLDER`.
"""

import argparse
import copy
import json
import pathlib
import random

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file, save_file

RESPONSES = 5
STEPS = 5


def llama(draw, **fields):
    heads = draw.choice([2, 4, 6])
    size = draw.choice([4, 6, 10])
    return dict(hidden_size=draw.choice([24, 36, 48]), num_attention_heads=heads, head_dim=size, intermediate_size=draw.choice([28, 44, 53]),
                num_key_value_heads=draw.choice([k for k in (1, 2, heads) if heads % k == 0]), num_hidden_layers=draw.choice([1, 2, 3]),
                rms_norm_eps=draw.choice([1e-6, 1e-5]), rope_parameters={"rope_type": "default", "rope_theta": draw.choice([1e4, 5e5])}, **fields)


def neox(draw, share, **fields):
    heads = draw.choice([2, 3, 4])
    return dict(hidden_size=heads * 8, num_attention_heads=heads, intermediate_size=draw.choice([28, 44]), num_hidden_layers=draw.choice([2, 3]),
                rope_parameters={"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": share}, attention_dropout=0.0, hidden_dropout=0.0,
                **fields)


def gpt(draw, **fields):
    heads = draw.choice([1, 2, 4])
    return dict(n_embd=heads * draw.choice([6, 8, 10]), n_head=heads, n_layer=draw.choice([1, 2, 3]), n_inner=draw.choice([None, 37, 52]),
                attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, **fields)


def neo(draw, **fields):
    heads = draw.choice([2, 4])
    return dict(hidden_size=heads * draw.choice([6, 10]), num_heads=heads, intermediate_size=draw.choice([None, 45]), attention_dropout=0.0,
                embed_dropout=0.0, resid_dropout=0.0, **fields)


LINEAR = {"rope_type": "linear", "factor": 4.0}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}


def scaled(fields, scaling):
    fields["rope_parameters"].update(scaling)
    return fields


def cases(draw):
    """name, family, fields of the configuration, what is done to the files."""
    yield "llama-biases", "llama", llama(draw, attention_bias=True, mlp_bias=True), {"older"}
    yield "llama-linear", "llama", scaled(llama(draw), LINEAR), {"older", "bfloat16", "shards"}
    yield "llama-linear-v5", "llama", scaled(llama(draw), LINEAR), {"head"}
    yield "llama3-tied", "llama", scaled(llama(draw, tie_word_embeddings=True), LLAMA3), {"older", "head"}
    yield "llama3-both", "llama", scaled(llama(draw, tie_word_embeddings=True), LLAMA3), {"both", "float16", "shards"}
    yield "mistral-window", "mistral", llama(draw, sliding_window=draw.choice([1, 3, 7])), {"older"}
    yield "mistral-whole", "mistral", llama(draw, sliding_window=None), {"float16"}
    yield "qwen2-windows", "qwen2", llama(draw, use_sliding_window=True, sliding_window=5, max_window_layers=1), {"older"}
    yield "qwen2-tied", "qwen2", llama(draw, tie_word_embeddings=True, use_sliding_window=False, sliding_window=3), {"bfloat16"}
    yield "qwen3-biases", "qwen3", llama(draw, attention_bias=True, tie_word_embeddings=True), {"older", "shards"}
    fields = llama(draw, use_sliding_window=True, sliding_window=4)
    fields["layer_types"] = ["sliding_attention", "full_attention", "sliding_attention"][:fields["num_hidden_layers"]]
    yield "qwen3-windows", "qwen3", fields, set()
    yield "gpt2-short-names", "gpt2", gpt(draw), {"short", "buffers"}
    yield "gpt2-untied", "gpt2", gpt(draw, tie_word_embeddings=False, activation_function="gelu"), {"shards"}
    yield "gpt_neo-whole", "gpt_neo", neo(draw, num_layers=2, attention_types=[[["global"], 2]], tie_word_embeddings=False), set()
    yield "gpt_neo-windows", "gpt_neo", neo(draw, num_layers=3, attention_types=[[["local", "global", "local"], 1]], window_size=3), {"short", "buffers"}
    fields = gpt(draw, tie_word_embeddings=True)
    yield "gptj-tied", "gptj", {**fields, "rotary_dim": fields["n_embd"] // fields["n_head"]}, {"short"}
    yield "gptj-little-turned", "gptj", gpt(draw, rotary_dim=2, activation_function="gelu"), {"buffers", "bfloat16"}
    yield "gpt_neox-in-turn", "gpt_neox", neox(draw, 1.0, use_parallel_residual=False, attention_bias=False, tie_word_embeddings=True), {"older"}
    yield "gpt_neox-linear", "gpt_neox", scaled(neox(draw, 0.25, hidden_act="gelu_new"), LINEAR), {"older", "buffers", "shards"}
    yield "gpt_neox-v5", "gpt_neox", neox(draw, 0.5), {"short"}


PREFIX = {"gpt2": "transformer.", "gpt_neo": "transformer.", "gptj": "transformer.", "gpt_neox": "gpt_neox."}
BUFFERS = {"gpt2": ["transformer.h.0.attn.bias", "transformer.h.0.attn.masked_bias"], "gptj": ["transformer.h.0.attn.bias"],
           "gpt_neo": ["transformer.h.0.attn.attention.bias"],
           "gpt_neox": ["gpt_neox.layers.0.attention.bias", "gpt_neox.layers.0.attention.rotary_emb.inv_freq"]}


def older_spelling(config):
    """Rotary settings as config.json had them before transformers 5."""
    rope = config.pop("rope_parameters", None)
    if rope is None:
        return
    config["rope_theta"] = rope.pop("rope_theta")
    share = rope.pop("partial_rotary_factor", None)
    if config["model_type"] == "gpt_neox":
        config["rotary_emb_base"], config["rotary_pct"] = config.pop("rope_theta"), share
    kind = rope.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {"type" if kind == "linear" else "rope_type": kind, **rope}


def rewrite(folder, family, ways):
    """The folder as older or other programs would have written it."""
    if "older" in ways:
        config = json.loads((folder / "config.json").read_text())
        older_spelling(config)
        (folder / "config.json").write_text(json.dumps(config, indent=2))
    files = sorted(folder.glob("model*.safetensors"))
    head = "embed_out.weight" if family == "gpt_neox" else "lm_head.weight"
    embedding = {"gpt2": "transformer.wte.weight", "gpt_neo": "transformer.wte.weight", "gptj": "transformer.wte.weight",
                 "gpt_neox": "gpt_neox.embed_in.weight"}.get(family, "model.embed_tokens.weight")
    is_language_model = "Classification" not in json.loads((folder / "config.json").read_text())["architectures"][0]
    index = folder / "model.safetensors.index.json"
    places = {}
    for file in files:
        tensors = {name: tensor.clone() for name, tensor in load_file(file).items()}
        if is_language_model and head not in tensors and embedding in tensors and ways & {"head", "both"}:
            tensors[head] = tensors[embedding].clone()
            if "head" in ways:
                del tensors[embedding]
        if "buffers" in ways and file == files[0]:
            tensors.update({name: torch.zeros(1, 1, 8, 8, dtype=torch.bool if place == 0 else torch.float32)
                            for place, name in enumerate(BUFFERS[family])})
        if "short" in ways:
            tensors = {name.removeprefix(PREFIX[family]): tensor for name, tensor in tensors.items()}
        save_file(tensors, file, metadata={"format": "pt"})
        places.update({name: file.name for name in tensors})
    if index.exists():
        index.write_text(json.dumps({"metadata": {"total_size": 1.0, "total_parameters": 7}, "weight_map": places}))


def lively(model, generator, type):
    """Weights large enough that every part of the model can be seen in what comes out, such as `type` can hold."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            values = 0.15 * noise if parameter.dim() > 1 else (1.0 if name.endswith("weight") else 0.0) + 0.2 * noise
            parameter.copy_(values.to(type))
    return model.eval()


def response_logprobs(model, prompt, response):
    logits = model(input_ids=torch.tensor([prompt + response])).logits[0]
    rows = logits[len(prompt) - 1:len(prompt) + len(response) - 1].log_softmax(-1)
    return rows[torch.arange(len(response)), torch.tensor(response)]


def gradients(model, prefix):
    return {f"{prefix}{name}": parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


def write(output, name, family, fields, ways, seed):
    generator = torch.Generator().manual_seed(seed)
    draw = random.Random(seed)
    vocabulary = draw.choice([97, 131])
    context = {"gpt2": "n_positions", "gptj": "n_positions"}.get(family, "max_position_embeddings")
    common = dict(vocab_size=vocabulary, bos_token_id=0, eos_token_id=vocabulary - 1, pad_token_id=1, **{context: 64}, **fields)
    config = transformers.AutoConfig.for_model(family, **common)
    config._attn_implementation = "eager"
    type = torch.bfloat16 if "bfloat16" in ways else torch.float16 if "float16" in ways else torch.float32
    folder = output / name
    models = {}
    for kind, auto in (("policy", transformers.AutoModelForCausalLM), ("reward", transformers.AutoModelForSequenceClassification)):
        if kind == "reward":
            config.num_labels = 1
        models[kind] = lively(auto.from_config(config, attn_implementation="eager"), generator, type)
        # A copy, as a model in half precision rounds its rotary frequencies too.
        stored = copy.deepcopy(models[kind]).to(type)
        stored.save_pretrained(folder / kind, max_shard_size=9000 if "shards" in ways else "1GB")
        rewrite(folder / kind, family, ways)
    policy, reward = models["policy"], models["reward"]

    ids = lambda *shape: torch.randint(2, vocabulary - 1, shape, generator=generator)  # noqa: E731
    forward = ids(2, 33)
    prompt = ids(13).tolist()
    lengths = [draw.randrange(1, 12) for _ in range(RESPONSES)]
    responses = [ids(length).tolist() for length in lengths]
    arrays = {"forward.input_ids": forward, "group.prompt_ids": torch.tensor(prompt), "group.response_lengths": torch.tensor(lengths),
              "group.response_ids": torch.tensor(sum(responses, []))}
    with torch.no_grad():
        arrays["forward.logits"] = policy(input_ids=forward).logits
        arrays["group.response_logprobs"] = torch.cat([response_logprobs(policy, prompt, r) for r in responses])
        text = list(prompt)
        for _ in range(24):
            text.append(int(policy(input_ids=torch.tensor([text])).logits[0, -1].argmax()))

    def loss():
        return -torch.cat([response_logprobs(policy, prompt, r) for r in responses]).mean()

    first = loss()
    first.backward()
    arrays.update(gradients(policy, "sft.grad."))
    settings = dict(lr=1e-3, betas=[0.9, 0.95], eps=1e-8, weight_decay=0.1)
    optimiser = torch.optim.AdamW(policy.parameters(), **{**settings, "betas": tuple(settings["betas"])})
    lines = []
    for step in range(STEPS + 1):
        optimiser.zero_grad()
        now = loss()
        if step == STEPS:
            lines.append([float(now), None])
            break
        now.backward()
        norm = torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        lines.append([float(now), float(norm)])
        optimiser.step()

    scores = torch.stack([reward_score(reward, prompt + r) for r in responses])
    rank = [2, 1, 4, 3, 3]
    pairs = [(a, b) for a in range(RESPONSES) for b in range(RESPONSES) if rank[a] < rank[b]]
    kwise = torch.stack([-F.logsigmoid(scores[a] - scores[b]) for a, b in pairs]).mean()
    kwise.backward()
    arrays.update(gradients(reward, "reward.kwise_grad."))
    graded = [[0, 1, 1.0], [3, 2, 2 / 3], [4, 0, 1 / 3], [1, 3, 0.0]]
    margin = torch.stack([-F.logsigmoid(scores[a] - scores[b] - m) for a, b, m in graded]).mean()
    arrays["reward.scores"] = scores.detach()
    save_file({key: value.contiguous() for key, value in arrays.items()}, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps({
        "sft.loss": float(first), "adamw": {**settings, "weight_decay_on": "every parameter", "clip_grad_norm": 1.0, "loss_and_grad_norm": lines},
        "greedy": text[len(prompt):], "reward.rank": rank, "reward.kwise_loss": float(kwise), "reward.graded": graded,
        "reward.margin_loss": float(margin)}, indent=1))


def reward_score(model, tokens):
    """The score at the last token."""
    hidden = model.base_model(input_ids=torch.tensor([tokens])).last_hidden_state[0, -1]
    return model.score(hidden)[0]


def read_back(output, written):
    """Whether transformers finds in what Plumb writes all that it wants, and computes the same from it."""
    failures = 0
    for case in sorted(path.parent for path in output.glob("*/expected.safetensors")):
        expected = load_file(case / "expected.safetensors")
        ids, prompt = expected["forward.input_ids"], expected["group.prompt_ids"].tolist()
        auto = {"policy": transformers.AutoModelForCausalLM, "reward": transformers.AutoModelForSequenceClassification}
        found = {kind: which.from_pretrained(written / case.name / kind, attn_implementation="eager", dtype=torch.float32,
                                             output_loading_info=True) for kind, which in auto.items()}
        left = [f"{kind}: {name} {what}" for kind, (_, info) in found.items() for what in ("missing_keys", "unexpected_keys", "mismatched_keys")
                for name in info[what]]
        with torch.no_grad():
            logits = (found["policy"][0].eval()(input_ids=ids).logits - expected["forward.logits"]).abs().max().item()
            responses = expected["group.response_ids"].split(expected["group.response_lengths"].tolist())
            scores = torch.stack([reward_score(found["reward"][0].eval(), prompt + r.tolist()) for r in responses])
        worst = max(logits, (scores - expected["reward.scores"]).abs().max().item())
        holds = worst <= 1e-5 and not left
        failures += not holds
        print(f"parity, written: {case.name} {'passes' if holds else 'FAILS'}, largest difference {worst:.1e}", *left, flush=True)
    return failures


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--written", type=pathlib.Path)
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    if arguments.written:
        raise SystemExit(1 if read_back(arguments.output, arguments.written) else 0)
    print(f"parity cases: seed {arguments.seed}, transformers {transformers.__version__}", flush=True)
    for place, (name, family, fields, ways) in enumerate(cases(random.Random(arguments.seed))):
        write(arguments.output, name, family, fields, ways, 1000 * arguments.seed + place)
