"""The demo world under a frozen gold reward model: who writes, who judges, and how rankings come about."""

import fcntl
import hashlib
import json
import pathlib
import random
import shutil
import statistics
import tempfile

import sampling
from demo_labels import labelled
from ledger import digest
from native import strict_pairs
from program import ROOT, processor_seconds, read_lines, write_lines
from study import Study, require, say

POLICY = ROOT / "share" / "demo" / "demo-supervised"
K = 4
NOISE = 0.1
# The gold reward model learns this preference from rankings without errors, and is frozen; from then on it alone says what is better.
GOLD_RANKINGS, GOLD_PREFERENCE, GOLD_SEED = 1200, "politeness", 1000
JUDGED_PROMPTS, JUDGED_SAMPLES = 64, 64
# Of the form in which the judged samples are kept between calls; raised with it. 2: with the sampled token ids.
SAMPLES = 2
# Of what `labels` makes of the same prompts and settings; raised with it.
WORLD = 1
# Fresh samples to each judged prompt of a policy that was made.
FRESH_SAMPLES = 8
# What an annotator's time goes to: reading, and one decision for each pair, which is what the gold model answers for a ranking.
SECONDS_PER_WORD, SECONDS_PER_DECISION = 0.25, 3.0
SETTINGS = {"epochs": 3, "minimum_steps": 40, "groups_per_step": 8, "learning_rate": 0.001, "evaluations": 10, "tokens_per_pass": 4096}


class GoldStudy(Study):
    """A study whose labels come from the gold reward model."""

    def inputs(self):
        return {"policy": require(POLICY, "the embedded policy")}

    def prepare(self):
        """The gold model, the prompts and the samples of the supervised policy; the same for every row and every such study."""
        folder = self.work.parent / f"gold-{SAMPLES}-{digest(POLICY)[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        # Two calls at once would make the same files: the second waits, and finds them.
        with open(folder / "lock", "w") as lock, tempfile.TemporaryDirectory(dir=folder) as scratch:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.make_world(folder, pathlib.Path(scratch))
        self.gold_digest = digest(self.gold)[:16]
        # What several settings learn from or follow; it counts for this program, this gold model and these settings alone.
        made_of = [self.gold_digest, WORLD, K, NOISE, SECONDS_PER_WORD, SECONDS_PER_DECISION, SETTINGS]
        key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]
        self.shared = folder / f"shared-{self.plumb.sha256}-{key}"
        self.shared.mkdir(exist_ok=True)

    def make_world(self, folder, scratch):
        corpus = folder / "corpus"
        if not corpus.exists():
            self.plumb("demo", "corpus", "--output", corpus)
        self.prompts = {use: [line["prompt"] for line in read_lines(corpus / f"prompts-{use}.jsonl")] for use in ("ranking", "ppo", "held-out")}
        self.gold = folder / "made"
        if not self.gold.exists():
            say(f"  training the gold reward model on {GOLD_RANKINGS} rankings")
            write_lines(scratch / "groups.jsonl", labelled(self.plumb, scratch, GOLD_RANKINGS, GOLD_SEED, GOLD_PREFERENCE, noise=0))
            self.plumb.train("reward", scratch, GOLD_SEED, SETTINGS, groups=scratch / "groups.jsonl", base=POLICY).rename(self.gold)
        self.judged = self.supervised_samples(folder / "judged.jsonl", self.prompts["held-out"][:JUDGED_PROMPTS], JUDGED_SAMPLES, scratch)
        self.judged_gold = self.scores(self.gold, self.judged, scratch)

    def supervised_samples(self, file, prompts, count, scratch):
        """Of the supervised policy; made once."""
        if not file.exists():
            fresh = scratch / file.name
            write_lines(fresh, sampling.groups(self.plumb, POLICY, prompts, count, GOLD_SEED, scratch))
            fresh.rename(file)
        return read_lines(file)

    def scores(self, model, groups, folder):
        """Normalised scores, `[groups][responses]`."""
        return [[r["score"] for r in answer["responses"]] for answer in self.plumb.judged(model, groups, folder)]

    def fresh(self, policy, folder):
        """Samples of a policy to the judged prompts."""
        return sampling.groups(self.plumb, policy, self.prompts["held-out"][:JUDGED_PROMPTS], FRESH_SAMPLES, GOLD_SEED + 1, folder)

    def labels(self, comparisons, kind, seed, folder):
        """Labelled groups by the gold model: rankings of K that hold so many comparisons, or single pairs that take as much of a
        person's time as those rankings would. Made once; every setting and study that asks for them again reads the same file."""
        file = self.shared / f"labels-{kind}-{comparisons}-{seed}.jsonl"
        if not file.exists():
            fresh = folder / file.name
            write_lines(fresh, self.fresh_labels(comparisons, kind, seed, folder))
            fresh.rename(file)
        return read_lines(file)

    def fresh_labels(self, comparisons, kind, seed, folder):
        tasks, size = max(1, round(comparisons / (K * (K - 1) / 2))), K
        if kind == "pairs":
            # Words are those of the supervised policy's own responses, the same for all seeds.
            words = statistics.fmean(len(r["text"].split()) for group in self.judged for r in group["responses"])
            asked = statistics.fmean(len(group["prompt"].split()) for group in self.judged)
            tasks, size = max(1, round(tasks * seconds(K, asked, words) / seconds(2, asked, words))), 2
        order = random.Random(f"{seed} prompts").sample(self.prompts["ranking"], len(self.prompts["ranking"]))
        prompts = [order[place % len(order)] for place in range(tasks)]
        groups = sampling.groups(self.plumb, POLICY, prompts, size, seed + 1, folder)
        source = random.Random(f"{seed} noise")
        gold = self.scores(self.gold, groups, folder)
        # What is held out goes by the prompt: there are fewer of them than single pairs of the largest count.
        return [ranked(group, row, source, place, place % len(order) % 10 == 9) for place, (group, row) in enumerate(zip(groups, gold))]

    def shared_proxy(self, comparisons, kind, seed, folder, **settings):
        """A reward model of `labels`, and the processor seconds that its training took. Trained once for all that follow it."""
        name = "-".join(["proxy", kind, str(comparisons), str(seed), *(f"{name}-{value}" for name, value in settings.items())])
        place = self.shared / name
        if not place.exists():
            lines = self.labels(comparisons, kind, seed, folder)
            fresh = folder / name
            fresh.mkdir()
            before = processor_seconds()
            self.proxy(lines, seed, fresh, **settings)
            (fresh / "seconds.json").write_text(json.dumps(processor_seconds() - before))
            shutil.rmtree(fresh / "run")
            try:
                fresh.rename(place)
            except OSError:
                # A call beside this one was quicker; its bytes are the same.
                if not place.exists():
                    raise
        return place / "made", json.loads((place / "seconds.json").read_text())

    def proxy(self, lines, seed, folder, **settings):
        """A reward model of these labels."""
        write_lines(folder / "groups.jsonl", lines)
        return self.plumb.train("reward", folder, seed, {**SETTINGS, **settings}, groups=folder / "groups.jsonl", base=POLICY)


def seconds(responses, asked, words):
    """Of one task: read the prompt and the responses, then decide each pair."""
    return SECONDS_PER_WORD * (asked + responses * words) + SECONDS_PER_DECISION * responses * (responses - 1) / 2


def ranked(group, gold, source, place, is_held_out):
    """A labelled group: every pair judged by the gold score and turned round with probability NOISE, ordered by pairs won."""
    wins = [0.0] * len(gold)
    for one in range(len(gold)):
        for other in range(one + 1, len(gold)):
            if gold[one] == gold[other]:
                wins[one] += 0.5
                wins[other] += 0.5
            else:
                wins[one if (gold[one] > gold[other]) != (source.random() < NOISE) else other] += 1
    ids = [r["id"] for r in group["responses"]]
    rows = [[i for i, won in zip(ids, wins) if won == count] for count in sorted(set(wins), reverse=True)]
    judgement = {"kind": "ranking", "ranking": {"rows": rows, "unacceptable": []}}
    label = {"label_id": f"l{place}", "annotator": "gold", "revision": 1, "judgement": judgement}
    return {"group": {**group, "id": f"g{place}"}, "labels": [label], "split": "held_out" if is_held_out else "train"}


def line_pairs(line):
    return strict_pairs(line["labels"][0]["judgement"])
