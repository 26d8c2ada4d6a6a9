"""TRL's RewardTrainer on pairs of token ids, for `Benchmarks/studies/trl_reward.py`: trains, scores groups, and says how long it took.

Runs in the virtual environment of the peers. Scores are of prompt and response ids as they stand, read at the last token.
"""

import argparse
import json
import resource
import tempfile
import time

import datasets
import torch
import transformers
import trl


def pairs(file):
    """Columns that the trainer takes as tokenized already."""
    rows = [json.loads(line) for line in open(file)]
    return datasets.Dataset.from_list([{"chosen_input_ids": row["chosen"], "rejected_input_ids": row["rejected"]} for row in rows])


def scores(model, groups):
    with torch.no_grad():
        for group in groups:
            yield {r["id"]: model(torch.tensor([group["prompt_ids"] + r["token_ids"]])).logits[0, 0].item()
                   for r in group["responses"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--pairs", required=True)
    parser.add_argument("--groups", required=True, help="what `plumb score` says of the groups to score: their token ids")
    parser.add_argument("--scores", required=True, help="the file to write")
    parser.add_argument("--epochs", type=float, required=True)
    parser.add_argument("--pairs-per-step", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--warm-up", type=float, required=True, help="share of the steps in which the rate rises")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    transformers.set_seed(arguments.seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.base)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        arguments.base, num_labels=1, dtype=torch.float32, pad_token_id=tokenizer.pad_token_id)
    with tempfile.TemporaryDirectory() as folder:
        settings = trl.RewardConfig(
            output_dir=folder, num_train_epochs=arguments.epochs, per_device_train_batch_size=arguments.pairs_per_step,
            learning_rate=arguments.learning_rate, warmup_ratio=arguments.warm_up, seed=arguments.seed, max_length=None, report_to=[], use_cpu=True,
            save_strategy="no", logging_strategy="no", bf16=False, fp16=False, gradient_checkpointing=False,
            disable_tqdm=True, dataloader_pin_memory=False, disable_dropout=True)
        trainer = trl.RewardTrainer(model=model, args=settings, processing_class=tokenizer, train_dataset=pairs(arguments.pairs))
        before = resource.getrusage(resource.RUSAGE_SELF)
        started = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_SELF)
    model.eval()
    with open(arguments.scores, "w") as file:
        for found in scores(model, [json.loads(line) for line in open(arguments.groups)]):
            file.write(json.dumps(found) + "\n")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "processor_seconds": processor, "steps": trainer.state.global_step,
                      "peak_memory_mb": after.ru_maxrss / 1000, "trl": trl.__version__}))
