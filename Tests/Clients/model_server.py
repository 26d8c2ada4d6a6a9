"""Real clients of `plumb model-server`: Python's `openai` and lm-eval's OpenAI-completions model.

lm-eval runs a small task of ours twice, through the server and with PyTorch on the same folder, and every log-likelihood and
every verdict must agree.
"""

import json
import os
import pathlib
import subprocess
import time

import openai
import torch

LOGLIKELIHOOD_TOLERANCE = 2e-3


class ModelServer:
    """One `plumb model-server` process over one model folder."""

    def __init__(self, program, name, model, scratch):
        self.announce = scratch / "model-server.address"
        self.process = subprocess.Popen(
            [program, "model-server", "--policy", f"{name}={model}", "--port", "0", "--announce", str(self.announce)],
            stdout=subprocess.DEVNULL)

    def __enter__(self):
        deadline = time.monotonic() + 60
        while not self.announce.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the model server did not come up")
            time.sleep(0.05)
        self.address = self.announce.read_text().strip()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.announce.unlink()


def check_openai(report, address, name, tokenizer):
    client = openai.OpenAI(base_url=f"{address}/v1", api_key="unused", max_retries=0)
    report.check("openai: models are listed and found", [m.id for m in client.models.list()] == [name]
                 and client.models.retrieve(name).id == name)

    plain = client.completions.create(model=name, prompt="The cat", max_tokens=12, n=3, seed=5, logprobs=2)
    ids = tokenizer("The cat", add_special_tokens=False)["input_ids"]
    report.check("openai: a completion has n choices, log-probabilities, a reason and its usage",
                 len(plain.choices) == 3 and all(c.finish_reason in ("stop", "length") for c in plain.choices)
                 and all(len(c.logprobs.tokens) == len(c.logprobs.token_logprobs) == len(c.logprobs.top_logprobs) for c in plain.choices)
                 and plain.usage.prompt_tokens == len(ids)
                 and plain.usage.completion_tokens == sum(len(c.logprobs.tokens) for c in plain.choices)
                 and plain.usage.total_tokens == plain.usage.prompt_tokens + plain.usage.completion_tokens,
                 plain.usage)
    again = client.completions.create(model=name, prompt=ids, max_tokens=12, n=3, seed=5)
    report.check("openai: token ids as a prompt, and the same seed, give the same texts",
                 [c.text for c in again.choices] == [c.text for c in plain.choices])

    best = client.completions.create(model=name, prompt=ids, max_tokens=12, n=1, best_of=3, seed=5)
    means = [sum(c.logprobs.token_logprobs) / len(c.logprobs.tokens) for c in plain.choices]
    report.check("openai: the best of several is the most probable by the token, and all are in its usage",
                 best.choices[0].text == plain.choices[means.index(max(means))].text and best.usage == plain.usage)

    several = client.completions.create(model=name, prompt=["The cat", "A dog", "It"], max_tokens=4, n=2, seed=1, temperature=0.7)
    lists = client.completions.create(model=name, prompt=[tokenizer(t, add_special_tokens=False)["input_ids"] for t in ("The cat", "A dog", "It")],
                                      max_tokens=4, n=2, seed=1, temperature=0.7)
    report.check("openai: several prompts, as texts and as lists of ids, are answered in their order",
                 [c.index for c in several.choices] == list(range(6)) and [c.text for c in several.choices] == [c.text for c in lists.choices])

    echoed = client.completions.create(model=name, prompt="The cat", max_tokens=0, echo=True, logprobs=1)
    report.check("openai: echo with max_tokens 0 scores the prompt alone",
                 echoed.choices[0].text == "The cat" and echoed.choices[0].logprobs.token_logprobs[0] is None
                 and all(p < 0 for p in echoed.choices[0].logprobs.token_logprobs[1:]) and len(echoed.choices[0].logprobs.tokens) == len(ids)
                 and echoed.usage.completion_tokens == 0)

    pieces = list(client.completions.create(model=name, prompt="The cat", max_tokens=12, seed=5, stream=True, stream_options={"include_usage": True}))
    texts = "".join(p.choices[0].text for p in pieces if p.choices)
    report.check("openai: a stream gives the text of the whole answer, its end and its usage",
                 texts == plain.choices[0].text and pieces[-1].usage.completion_tokens > 0 and not pieces[-1].choices
                 and [p.choices[0].finish_reason for p in pieces if p.choices and p.choices[0].finish_reason] == [plain.choices[0].finish_reason])
    pieces = list(client.completions.create(model=name, prompt="The cat", max_tokens=12, n=3, seed=5, logprobs=2, stream=True))
    told = [[t for p in pieces if p.choices and p.choices[0].index == k and p.choices[0].logprobs
             for t in zip(p.choices[0].logprobs.tokens, p.choices[0].logprobs.token_logprobs, p.choices[0].logprobs.text_offset)] for k in range(3)]
    report.check("openai: a stream tells the same log-probabilities",
                 told == [list(zip(c.logprobs.tokens, c.logprobs.token_logprobs, c.logprobs.text_offset)) for c in plain.choices])
    check_openai_chat(report, client, name, tokenizer)
    check_openai_errors(report, client, name)


def check_openai_chat(report, client, name, tokenizer):
    messages = [{"role": "user", "content": "Write a sentence about a cat."}]
    whole = client.chat.completions.create(model=name, messages=messages, max_completion_tokens=24, seed=3, n=2, logprobs=True, top_logprobs=2)
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    report.check("openai: a chat completion has messages, log-probabilities and the usage of the template's prompt",
                 len(whole.choices) == 2 and all(c.message.role == "assistant" for c in whole.choices)
                 and all(len(e.top_logprobs) == 2 for e in whole.choices[0].logprobs.content) and whole.usage.prompt_tokens == len(prompt),
                 whole.usage)
    pieces = list(client.chat.completions.create(model=name, messages=messages, max_completion_tokens=24, seed=3, n=2, stream=True))
    texts = ["".join(p.choices[0].delta.content or "" for p in pieces if p.choices and p.choices[0].index == k) for k in range(2)]
    report.check("openai: a chat stream gives the same messages", texts == [c.message.content for c in whole.choices])
    pieces = list(client.chat.completions.create(
        model=name, messages=messages, max_completion_tokens=24, seed=3, n=2, logprobs=True, top_logprobs=2, stream=True))
    told = [[e for p in pieces if p.choices and p.choices[0].index == k and p.choices[0].logprobs for e in p.choices[0].logprobs.content]
            for k in range(2)]
    report.check("openai: a chat stream tells the same log-probabilities", told == [c.logprobs.content for c in whole.choices])
    with client.chat.completions.stream(model=name, messages=messages, max_completion_tokens=24, stop=[" "], seed=3) as stream:
        final = stream.get_final_completion()
    report.check("openai: its helper for streams accepts the events", final.choices[0].message.content is not None)
    parts = [{"role": "user", "content": [{"type": "text", "text": "Write a sentence "}, {"type": "text", "text": "about a cat."}]}]
    same = client.chat.completions.create(model=name, messages=parts, max_completion_tokens=24, seed=3, n=2)
    report.check("openai: content in parts is the same content", [c.message.content for c in same.choices] == [c.message.content for c in whole.choices])
    stopped = client.chat.completions.create(model=name, messages=messages, max_completion_tokens=24, seed=3, stop=[" "])
    report.check("openai: a stop text ends the message", " " not in stopped.choices[0].message.content and stopped.choices[0].finish_reason == "stop")


def check_openai_errors(report, client, name):
    def refused(kind, **fields):
        try:
            client.completions.create(**{"model": name, "prompt": "x", "max_tokens": 1, **fields})
        except kind as error:
            return error
        return None

    missing = refused(openai.NotFoundError, model="nobody")
    report.check("openai: an unknown model is NotFoundError with a code", missing is not None and missing.code == "model_not_found" and missing.param == "model")
    wrong = refused(openai.BadRequestError, temperature=-1)
    report.check("openai: a bad field is BadRequestError that names it", wrong is not None and wrong.param == "temperature" and wrong.type == "invalid_request_error", wrong)
    long = refused(openai.BadRequestError, prompt=[5] * 100_000)
    report.check("openai: a prompt over the context is told by its code", long is not None and long.code == "context_length_exceeded")


TASK = """\
task: plumb_{kind}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: {kind}
doc_to_text: "{{{{question}}}}"
doc_to_target: {target}
{more}
metric_list:
  - metric: {metric}
metadata:
  version: 1
"""


def write_tasks(folder):
    """Three small tasks of ours: choosing an ending, the likelihood of whole texts, and text until a stop."""
    rows = [
        {"question": question, "choices": choices, "answer": answer, "text": question + choices[answer]}
        for question, choices, answer in [
            ("The cat sat on the", [" mat.", " quickly seven.", " sky blue of."], 0),
            ("Rain is", [" a kind of chair.", " water that falls.", " of the of the."], 1),
            ("Fish live in the", [" trees.", " water, naïve 🙂.", " sea."], 2),
            ("Write a sentence about", [" a dog.", " 7 7 7 7."], 0),
        ]]
    data = folder / "task.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    more = {
        "multiple_choice": ("answer", "doc_to_choice: \"{{choices}}\"", "acc"),
        "loglikelihood_rolling": ("\"{{text}}\"", "", "word_perplexity"),
        "generate_until": ("\"{{choices[0]}}\"", "generation_kwargs:\n  until: [\".\"]\n  max_gen_toks: 12\n  do_sample: false\n  temperature: 0.0", "exact_match"),
    }
    for kind, (target, extra, metric) in more.items():
        text = TASK.format(kind=kind, data=data, target=target, more=extra, metric=metric)
        if kind == "loglikelihood_rolling":
            text = text.replace('doc_to_text: "{{question}}"', 'doc_to_text: ""')
        (folder / f"plumb_{kind}.yaml").write_text(text)
    return [f"plumb_{kind}" for kind in more]


def responses(results):
    """All that the model answered, by task and document."""
    return {task: [[r[0] if isinstance(r, list) else r for r in sample["resps"]] for sample in sorted(samples, key=lambda s: s["doc_id"])]
            for task, samples in results["samples"].items()}


def check_lm_eval(report, address, name, model, scratch):
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ["HF_DATASETS_CACHE"] = str(scratch / "cache")
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.models.openai_completions import LocalCompletionsAPI
    from lm_eval.tasks import TaskManager
    from transformers import AutoConfig
    folder = scratch / "lm-eval"
    folder.mkdir()
    tasks = write_tasks(folder)
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    length = AutoConfig.from_pretrained(model).max_position_embeddings
    common = dict(tasks=tasks, task_manager=manager, num_fewshot=0, bootstrap_iters=0)
    reference = responses(simple_evaluate(model=HFLM(pretrained=str(model), device="cpu", dtype="float32", batch_size=4), **common))
    for tokenized in (True, False):
        client = LocalCompletionsAPI(base_url=f"{address}/v1/completions", model=name, tokenizer=str(model), tokenizer_backend="huggingface",
                                     tokenized_requests=tokenized, batch_size=3, max_length=length)
        ours = responses(simple_evaluate(model=client, **common))
        kind = "token ids" if tokenized else "texts"
        worst, verdicts, count = 0.0, True, 0
        for row, other in zip(ours["plumb_multiple_choice"], reference["plumb_multiple_choice"]):
            for (a, greedy), (b, theirs) in zip(row, other):
                worst, verdicts, count = max(worst, abs(a - b)), verdicts and greedy == theirs, count + 1
        rolling = max(abs(float(a[0]) - float(b[0]))
                      for a, b in zip(ours["plumb_loglikelihood_rolling"], reference["plumb_loglikelihood_rolling"]))
        report.check(f"lm-eval with {kind}: log-likelihoods and greedy verdicts equal those of PyTorch",
                     count == 11 and verdicts and worst <= LOGLIKELIHOOD_TOLERANCE, f"largest difference {worst:.1e} over {count} endings")
        if tokenized:
            report.check(f"lm-eval with {kind}: the likelihood of whole texts too", rolling <= LOGLIKELIHOOD_TOLERANCE,
                         f"largest difference {rolling:.1e}")
        else:
            print(f"skip lm-eval with {kind}, whole texts: it spells its begin token, and text never becomes a special token here")
        report.check(f"lm-eval with {kind}: greedy texts until a stop are those of PyTorch",
                     ours["plumb_generate_until"] == reference["plumb_generate_until"], ours["plumb_generate_until"])


def check(report, program, model, scratch):
    from transformers import AutoTokenizer
    torch.set_num_threads(2)
    with ModelServer(program, "demo", model, scratch) as server:
        check_openai(report, server.address, "demo", AutoTokenizer.from_pretrained(model))
        check_lm_eval(report, server.address, "demo", model, scratch)
