"""What Plumb's tuning writes, loaded by Python's peft: low-rank products beside the weights and merged, and prompt vectors."""

import json

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

TOLERANCE = 2e-4
SHARED = ["steps=4", "tokens_per_step=600", "warm_up_steps=0", "weight_decay=0", "held_out_share=0", "learning_rate=0.01"]
LOW_RANK = ["tuning=lora", "lora_rank=6", "lora_dropout=0.05"]
KINDS = {
    "adapter": [*LOW_RANK, "kept=adapter"],
    "merged": LOW_RANK,
    "beside rounded weights": [*LOW_RANK, "base_weights=nf4", "kept=adapter"],
    "prompt vectors": ["tuning=prompt", "prompt_vectors=5", "kept=adapter"],
}


def trained(plumb, base, folder, name, settings):
    made = folder / name.replace(" ", "-")
    arguments = [part for setting in SHARED + settings for part in ("--set", setting)]
    plumb("train", "sft", "--run", folder / f"run-{made.name}", "--base", base, "--demonstrations", folder / "demonstrations.jsonl",
          "--output", made, *arguments)
    return made


def differences(model, answers):
    """The largest distance between our log-probabilities and the model's, one sequence after the other, and their number."""
    worst, count = 0.0, 0
    for answer in answers:
        for response in answer["responses"]:
            ids = answer["prompt_ids"] + response["token_ids"]
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long)).logits
            # Prompt vectors put rows of their own before the tokens'.
            logprobs = logits[0, -len(ids):].log_softmax(-1)
            start = len(answer["prompt_ids"]) - 1
            theirs = torch.stack([logprobs[start + i, token] for i, token in enumerate(response["token_ids"])])
            worst = max(worst, (torch.tensor(response["token_log_probabilities"]) - theirs).abs().max().item())
            count += 1
    return worst, count


def check(report, plumb, score, base, groups, folder):
    folder = folder / "adapters"
    folder.mkdir()
    (folder / "demonstrations.jsonl").write_text("".join(
        json.dumps({"id": str(n), "prompt": f"Tell me about the number {n}.", "response": f"The number {n} follows {n - 1}."}) + "\n"
        for n in range(40)))
    untuned = score(base, groups)
    for name, settings in KINDS.items():
        made = trained(plumb, base, folder, name, settings)
        answers = score(made, groups)
        moved = max(abs(a["token_log_probabilities"][0] - b["token_log_probabilities"][0])
                    for one, two in zip(untuned, answers) for a, b in zip(one["responses"], two["responses"]))
        model = AutoModelForCausalLM.from_pretrained(base if name != "merged" else made, dtype=torch.float32)
        if name != "merged":
            model = PeftModel.from_pretrained(model, made)
        worst, count = differences(model.eval(), answers)
        report.check(f"tuning, {name}: log-probabilities equal those of peft on the same files",
                     count > 0 and moved > 0.01 and worst <= TOLERANCE,
                     f"largest difference {worst:.1e} over {count} sequences; tuning moved one by {moved:.2f}")
