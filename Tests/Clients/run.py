"""What Plumb writes and serves, used by other people's software: transformers, peft, datasets, openai and lm-eval.

Run by `scripts/test clients`. Makes a policy and a reward model with Plumb itself (the embedded demo policy, a few
training steps on it), then compares every number with what PyTorch computes from the same files.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "System"))

import adapters
import chat_prompts
import exports
import model_server
import torch
from plumb import Report, Server
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 2e-4


def plumb(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"plumb {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
    return done.stdout


def score(program, model, groups, folder):
    """`plumb score` over groups; its answers in order."""
    lines = folder / "groups-to-score.jsonl"
    lines.write_text("".join(json.dumps(group) + "\n" for group in groups))
    return [json.loads(line) for line in plumb(program, "score", "--model", model, lines).splitlines()]


def groups_of_responses(server, project):
    """Real groups as the store holds them, from the native export."""
    text = server.get(f"/projects/{project}/export", query={"format": "native"})
    return list({label["group_id"]: label for label in map(json.loads, filter(None, text.split("\n")))}.values())


def padded(rows, pad, side):
    """`rows` as one rectangular batch with its mask."""
    width = max(map(len, rows)) + 3
    ids, mask = [], []
    for row in rows:
        fill = [pad] * (width - len(row))
        zeros = [0] * len(fill)
        ids.append(fill + row if side == "left" else row + fill)
        mask.append(zeros + [1] * len(row) if side == "left" else [1] * len(row) + zeros)
    return torch.tensor(ids), torch.tensor(mask)


def policy_has_equal_logits(report, name, folder, answers):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    pad, end = model.config.pad_token_id, model.config.eos_token_id
    report.check(f"{name}: the pad token is not the end token", pad is not None and pad != end, f"{pad}, {end}")
    worst, rows = 0.0, 0
    for answer in answers:
        sequences = [answer["prompt_ids"] + r["token_ids"] for r in answer["responses"]]
        for side in ("right", "left"):
            ids, mask = padded(sequences, pad, side)
            positions = (mask.cumsum(-1) - 1).clamp(min=0)
            with torch.no_grad():
                logprobs = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits.log_softmax(-1)
            for row, response in enumerate(answer["responses"]):
                start = (ids.shape[1] - len(sequences[row]) if side == "left" else 0) + len(answer["prompt_ids"])
                ours = torch.tensor(response["token_log_probabilities"])
                theirs = torch.stack([logprobs[row, start + i - 1, token] for i, token in enumerate(response["token_ids"])])
                worst, rows = max(worst, (ours - theirs).abs().max().item()), rows + 1
    report.check(f"{name}: log-probabilities equal those of transformers, padded left and right", rows > 0 and worst <= TOLERANCE,
                 f"largest difference {worst:.1e} over {rows} rows")


def reward_model_has_equal_scores(report, name, folder, answers, end):
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    report.check(f"{name}: one label, pad token set", model.config.num_labels == 1 and model.config.pad_token_id is not None)
    worst, rows, ended = 0.0, 0, 0
    for answer in answers:
        sequences = [answer["prompt_ids"] + r["token_ids"] for r in answer["responses"]]
        ended += sum(sequence[-1] == end for sequence in sequences)
        ids, mask = padded(sequences, model.config.pad_token_id, "right")
        with torch.no_grad():
            theirs = model(input_ids=ids, attention_mask=mask).logits[:, 0]
        ours = torch.tensor([r["raw_score"] for r in answer["responses"]])
        worst, rows = max(worst, (ours - theirs).abs().max().item()), rows + len(sequences)
    report.check(f"{name}: scores equal those of transformers in padded batches, rows that end in the end token too",
                 rows > 0 and ended > 0 and worst <= TOLERANCE,
                 f"largest difference {worst:.1e} over {rows} rows, {ended} of them ended")


def tokenizer_agrees(report, name, folder, answers):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    wrong = [r["text"] for a in answers for r in a["responses"]
             if tokenizer.decode(r["token_ids"], skip_special_tokens=True) != r["text"]]
    report.check(f"{name}: AutoTokenizer decodes the stored ids to the stored texts", not wrong, wrong[:1])
    chats = [a for a in answers if a.get("prompt_text")]
    wrong = [a["prompt_text"] for a in chats
             if tokenizer.apply_chat_template([{"role": "user", "content": a["prompt_text"]}], add_generation_prompt=True,
                                              return_dict=False) != a["prompt_ids"]]
    report.check(f"{name}: the chat template gives the ids that Plumb prompts with", not wrong and len(chats) > 0, wrong[:1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    program = str(pathlib.Path(parser.parse_args().plumb).resolve())
    report = Report()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumb-clients-"))
    model_server.check(report, program, ROOT / "share" / "demo" / "demo-supervised", folder)
    chat_prompts.check(report, lambda *arguments: plumb(program, *arguments), lambda model, groups: score(program, model, groups, folder), folder)
    with Server(program) as server:
        project, token = server.project(), server.annotator_token()
        for number in range(12):
            # Every third ranking has ties, so that the exports' strict pairs are not simply all pairs.
            server.rank(project, token, prefer=len if number % 3 else lambda text: len(text) // 60)
        run = server.start_run(project, "reward-model-runs", {"settings": {"minimum_steps": 20}})
        status = server.wait_for_run(run)
        report.check("a reward model was trained for the comparison", status["state"] == "succeeded", status.get("message"))
        exports.check(report, server, folder)
        groups = groups_of_responses(server, project)
        data = server.data
    supervised = data / "policies" / "demo-supervised"
    rewards = next((data / "reward-models").iterdir())
    answers = score(program, supervised, groups, folder)
    policy_has_equal_logits(report, "policy", supervised, answers)
    tokenizer_agrees(report, "policy", supervised, answers)
    adapters.check(report, lambda *arguments: plumb(program, *arguments), lambda model, groups: score(program, model, groups, folder),
                   ROOT / "share" / "demo" / "demo-supervised", groups, folder)
    end = AutoTokenizer.from_pretrained(supervised).eos_token_id
    reward_model_has_equal_scores(report, "reward model", rewards, score(program, rewards, groups, folder), end)
    report.finish()
