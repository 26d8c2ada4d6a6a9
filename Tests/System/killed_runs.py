"""Training jobs of every kind, killed with -9 at random moments and begun again: the result must be that of an undisturbed run, byte
for byte, and no more than one checkpoint interval may be done twice. Standard library only."""

import hashlib
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import time

# Small enough that a run takes a second or two, long enough for several checkpoints.
SHAPE = '{"width":32,"layers":2,"heads":2,"feed_forward":64,"context_length":256}'
STEPS = {"steps": 60, "checkpoint_every": 10, "tokens_per_step": 2048, "evaluate_every": 20, "held_out_share": 0.05}
REWARD = {"minimum_steps": 60, "epochs": 1, "checkpoint_every": 10, "evaluations": 6, "patience": 100, "reference_samples": 16,
          "maximum_response_tokens": 24}
REFRESH = {"iterations": 12, "checkpoint_every": 2, "prompts_per_iteration": 4, "maximum_tokens": 24, "alarm_patience": 100,
           "samples_per_iteration": 1}
PREFERENCES = {"epochs": 3, "checkpoint_every": 10, "evaluations": 6, "samples": 8, "maximum_tokens": 24}
KINDS = ("tokenizer", "pretraining", "supervised", "reward-model", "policy-refresh", "preference-tuning")


def tree_digest(folder):
    lines = []
    for file in sorted(pathlib.Path(folder).rglob("*")):
        if file.is_file():
            lines.append(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def attempts(run):
    """Attempt folders, oldest first."""
    return sorted((run / "attempts").glob("*"), key=lambda folder: int(folder.name))


def output_of(run):
    """`output/` of the attempt that finished."""
    return [folder for folder in attempts(run) if (folder / "RESULT.json").exists()][-1] / "output"


def steps_of(attempt):
    """Numbers of the steps that an attempt's metrics tell of; a last line that the kill cut is left out."""
    file = attempt / "metrics.jsonl"
    text = file.read_text(errors="replace") if file.exists() else ""
    found = []
    for line in text.split("\n")[:-1]:
        number = json.loads(line).get("step")
        if isinstance(number, int):
            found.append(number)
    return found


class KilledRuns:
    """Makes one finished run of each kind, and kills copies of it."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.corpus = self.folder / "corpus"
        if not (self.corpus / "corpus.txt").exists():
            self.plumb("demo", "corpus", "--output", self.corpus)
        texts = (self.corpus / "corpus.txt").read_text().split("\n")
        self.file("corpus.txt", texts[:1500])
        self.file("long-corpus.txt", texts[:20_000])
        self.file("demonstrations.jsonl", (self.corpus / "demonstrations.jsonl").read_text().split("\n")[:400])
        self.file("prompts.jsonl", (self.corpus / "prompts-ppo.jsonl").read_text().split("\n")[:40])
        self.file("groups.jsonl", self.groups())

    def plumb(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"plumb {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def file(self, name, lines):
        (self.folder / name).write_text("\n".join(lines) + "\n")

    def groups(self):
        """Groups of four demonstrations to one prompt, the longest first."""
        lines = [json.loads(line) for line in (self.folder / "demonstrations.jsonl").read_text().split("\n") if line]
        for place in range(0, len(lines) - 3, 4):
            responses = [{"id": str(n), "text": line["response"]} for n, line in enumerate(lines[place:place + 4])]
            lengths = sorted({len(r["text"]) for r in responses}, reverse=True)
            rows = [[r["id"] for r in responses if len(r["text"]) == length] for length in lengths]
            ranking = {"kind": "ranking", "ranking": {"rows": rows, "unacceptable": []}}
            label = {"label_id": f"l{place}", "annotator": "a", "revision": 1, "judgement": ranking}
            yield json.dumps({"group": {"id": f"g{place}", "prompt": lines[place]["prompt"], "responses": responses},
                              "labels": [label], "split": "held_out" if place % 40 == 0 else "train"})

    def train(self, kind, command, settings, **inputs):
        """One finished run; hands back its folder."""
        run = self.folder / "whole" / kind
        options = [part for name, path in inputs.items() for part in (f"--{name.replace('_', '-')}", path)]
        options += [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
        self.plumb("train", command, "--run", run, "--seed", 7, *options)
        return run

    def whole(self, kind):
        """The run of a kind that nothing disturbed; made once, with what it starts from."""
        run = self.folder / "whole" / kind
        if (run / "attempts").exists() and any(run.glob("attempts/*/RESULT.json")):
            return run
        if kind == "tokenizer":
            return self.train(kind, "tokenizer", {"vocabulary_size": 700}, corpus=self.folder / "long-corpus.txt")
        if kind == "pretraining":
            return self.train(kind, "pretrain", {"model": SHAPE, **STEPS}, corpus=self.folder / "corpus.txt",
                              tokenizer=self.made("tokenizer"))
        if kind == "supervised":
            return self.train(kind, "sft", STEPS, demonstrations=self.folder / "demonstrations.jsonl", base=self.made("pretraining"))
        if kind == "reward-model":
            return self.train(kind, "reward", REWARD, groups=self.folder / "groups.jsonl", base=self.made("supervised"))
        if kind == "policy-refresh":
            policy = self.made("supervised")
            return self.train(kind, "policy", REFRESH, prompts=self.folder / "prompts.jsonl", base=policy, reference=policy,
                              reward_model=self.made("reward-model"))
        if kind == "preference-tuning":
            return self.train(kind, "preferences", PREFERENCES, groups=self.folder / "groups.jsonl", base=self.made("supervised"))
        raise ValueError(f"there is no recipe of a run of the kind {kind}")

    def made(self, kind):
        """The folder that a kind's run made."""
        return next(folder for folder in output_of(self.whole(kind)).iterdir() if folder.is_dir())

    def settings(self, kind):
        return json.loads((self.whole(kind) / "input" / "run.json").read_text())["settings"]

    def interval(self, kind):
        """Steps between checkpoints; a kind without any begins anew, so that its interval is the run."""
        return self.settings(kind).get("checkpoint_every")

    def processor_seconds(self, kind):
        """What an undisturbed attempt takes as `run-job`; unlike seconds by the clock it hangs little on what else the machine does."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.finish(self.copy(kind))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def copy(self, kind):
        run = self.folder / "killed" / kind
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.whole(kind) / "input", run / "input")
        return run

    def finish(self, run):
        ended = subprocess.run([self.program, "run-job", str(run)], capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError(f"{run} ended with status {ended.returncode}:\n{ended.stderr}")

    def kill_once(self, kind, moment, pause):
        """Kills a fresh copy `pause` seconds after it has used `moment` processor seconds, and lets the next attempt finish it.

        Hands back None where the run was over before, else: whether the bytes are the same, the steps done twice, and how far
        the first attempt came.
        """
        run = self.copy(kind)
        job = subprocess.Popen([self.program, "run-job", str(run)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while job.poll() is None and used(job.pid) < moment:
            time.sleep(0.002)
        time.sleep(pause)
        if job.poll() is not None:
            return None
        job.kill()
        job.wait()
        begun = attempts(run)
        if begun and (begun[-1] / "RESULT.json").exists():
            return None
        before = max((step for attempt in begun for step in steps_of(attempt)), default=0)
        self.finish(run)
        after = steps_of(attempts(run)[-1])
        twice = max(0, before - after[0] + 1) if after and begun else 0
        same = tree_digest(output_of(run)) == tree_digest(output_of(self.whole(kind)))
        return {"processor_seconds": round(moment, 3), "same_bytes": same, "steps_twice": twice, "killed_at_step": before}

    def kills(self, kind, times, seed):
        """`times` kills, one after the other, each at a moment drawn evenly over the processor time of the run, and up to 30 ms of the
        clock later, so that waits for the disk are hit too."""
        if times <= 0:
            return
        source, whole, done = random.Random(seed), self.processor_seconds(kind), 0
        while done < times:
            one = self.kill_once(kind, source.uniform(0, whole), source.uniform(0, 0.03))
            if one is not None:
                done += 1
                yield one


def used(pid):
    """Processor seconds of a process; infinitely many of one that is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return float("inf")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
