"""Training by PyTorch and TRL, for `Benchmarks/training.py`: random weights of a shape, one piece of work for each line on
standard input, one line of JSON with seconds for each. Runs in the virtual environments of the peers.
"""

import argparse
import json
import sys
import time

SHAPES = {
    "a": dict(kind="gpt2", vocabulary=50257, width=768, layers=12, heads=12, kv_heads=12, inner=3072, context=1024),
    "b": dict(kind="llama", vocabulary=32000, width=288, layers=6, heads=6, kv_heads=6, inner=768, context=1024),
}


def say(answer):
    print(json.dumps(answer), flush=True)


def configuration(shape, **more):
    import transformers

    if shape["kind"] == "gpt2":
        return transformers.GPT2Config(
            vocab_size=shape["vocabulary"], n_embd=shape["width"], n_layer=shape["layers"], n_head=shape["heads"],
            n_positions=shape["context"], resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, pad_token_id=0, **more)
    return transformers.LlamaConfig(
        vocab_size=shape["vocabulary"], hidden_size=shape["width"], num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"], num_key_value_heads=shape["kv_heads"], intermediate_size=shape["inner"],
        max_position_embeddings=shape["context"], tie_word_embeddings=True, pad_token_id=0, **more)


class Work:
    """What all peers have in common: a seed, a number of threads, and products in float32 or under bf16 autocast."""

    def __init__(self, arguments):
        import torch

        torch.manual_seed(0)
        torch.set_num_threads(arguments.threads)
        self.torch, self.arguments, self.shape = torch, arguments, SHAPES[arguments.shape]

    def autocast(self):
        return self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.arguments.products == "bf16")

    def tokens(self, rows, columns):
        return self.torch.randint(1, self.shape["vocabulary"], (rows, columns))


class TrainingStep(Work):
    """Forward, backward and AdamW over 8 sequences of 256 tokens."""

    def __init__(self, arguments):
        super().__init__(arguments)
        import transformers

        self.model = transformers.AutoModelForCausalLM.from_config(configuration(self.shape)).float().train()
        self.optimiser = self.torch.optim.AdamW(self.model.parameters(), lr=1e-4)

    def once(self):
        ids = self.tokens(self.arguments.batch, self.arguments.length)
        start = time.perf_counter()
        self.optimiser.zero_grad(set_to_none=True)
        with self.autocast():
            loss = self.model(input_ids=ids, labels=ids).loss
        loss.backward()
        self.optimiser.step()
        return {"step": time.perf_counter() - start}


class RewardStep(Work):
    """One optimiser step of a reward model on groups of K responses to a prompt: each response once with all pairs of its
    group in one loss, or pair by pair, both sides of each pair a sequence of their own, as TRL's trainer batches them."""

    def __init__(self, arguments):
        super().__init__(arguments)
        import transformers

        self.model = transformers.AutoModelForSequenceClassification.from_config(
            configuration(self.shape, num_labels=1)).float().train()
        self.optimiser = self.torch.optim.AdamW(self.model.parameters(), lr=1e-4)

    def scores(self, ids):
        with self.autocast():
            return self.model(input_ids=ids).logits[:, 0].float()

    def group(self):
        a = self.arguments
        prompt = self.tokens(1, a.prompt).expand(a.responses, a.prompt)
        return self.torch.cat([prompt, self.tokens(a.responses, a.length)], dim=1)

    def backward_each_once(self, groups, pairs):
        a = self.arguments
        at_once = max(1, 16 // a.responses)
        for first in range(0, len(groups), at_once):
            part = groups[first:first + at_once]
            scores = self.scores(self.torch.cat(part)).view(len(part), a.responses)
            loss = sum(-self.torch.nn.functional.logsigmoid(scores[:, i] - scores[:, j]).sum() for i, j in pairs)
            (loss / (len(groups) * len(pairs))).backward()

    def backward_by_pairs(self, groups, pairs):
        count = len(groups) * len(pairs)
        sides = [(group[i], group[j]) for group in groups for i, j in pairs]
        for first in range(0, count, 8):
            part = sides[first:first + 8]
            ids = self.torch.stack([chosen for chosen, _ in part] + [rejected for _, rejected in part])
            chosen, rejected = self.scores(ids).chunk(2)
            (-self.torch.nn.functional.logsigmoid(chosen - rejected).sum() / count).backward()

    def once(self):
        a = self.arguments
        groups = [self.group() for _ in range(a.batch)]
        pairs = [(i, j) for i in range(a.responses) for j in range(i + 1, a.responses)]
        start = time.perf_counter()
        self.optimiser.zero_grad(set_to_none=True)
        (self.backward_by_pairs if a.by_pairs else self.backward_each_once)(groups, pairs)
        self.optimiser.step()
        return {"step": time.perf_counter() - start}


class RefreshRound(Work):
    """One round of TRL's PPOTrainer (0.24, the last that has one): 32 responses of 48 tokens to prompts of 64."""

    def __init__(self, arguments):
        super().__init__(arguments)
        import tempfile

        import datasets
        import transformers
        import trl

        a = self.arguments
        self.folder = tempfile.TemporaryDirectory()
        words = {f"w{i}": i for i in range(self.shape["vocabulary"])}
        import tokenizers

        inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="w0"))
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=inner, pad_token="w0", eos_token="w2", padding_side="left")
        policy = transformers.AutoModelForCausalLM.from_config(configuration(self.shape)).float()
        reference = transformers.AutoModelForCausalLM.from_config(configuration(self.shape)).float()
        reference.load_state_dict(policy.state_dict())
        value, reward = (transformers.AutoModelForSequenceClassification.from_config(
            configuration(self.shape, num_labels=1)).float() for _ in range(2))
        prompts = a.batch
        data = datasets.Dataset.from_list([{"input_ids": row.tolist()} for row in self.tokens(prompts, a.prompt)])
        self.settings = lambda: trl.PPOConfig(
            output_dir=self.folder.name, per_device_train_batch_size=8, gradient_accumulation_steps=prompts // 8,
            num_mini_batches=prompts // 8, num_ppo_epochs=4, total_episodes=prompts, response_length=a.length,
            local_rollout_forward_batch_size=prompts, learning_rate=1e-5, missing_eos_penalty=None, stop_token=None,
            num_sample_generations=0, report_to=[], use_cpu=True, save_strategy="no", logging_strategy="no",
            bf16=False, fp16=False)
        self.make = lambda: trl.PPOTrainer(
            args=self.settings(), processing_class=tokenizer, model=policy, ref_model=reference, reward_model=reward,
            value_model=value, train_dataset=data, eval_dataset=data)

    def once(self):
        trainer = self.make()
        start = time.perf_counter()
        with self.quiet():
            trainer.train()
        return {"step": time.perf_counter() - start}

    def quiet(self):
        import contextlib
        import io

        return contextlib.redirect_stdout(io.StringIO())


WORKS = {"training-step": TrainingStep, "reward-step": RewardStep, "refresh-round": RefreshRound}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--products", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--batch", type=int, default=8, help="sequences, groups or prompts a step")
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--responses", type=int, default=4)
    parser.add_argument("--length", type=int, default=256, help="tokens of a sequence or a response")
    parser.add_argument("--by-pairs", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    work = WORKS[arguments.work](arguments)
    say({"ready": True})
    for _ in sys.stdin:
        say(work.once())
