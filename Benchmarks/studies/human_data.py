"""Reward models on real human preferences, beside the longer response and a bag of words, split by prompt."""

import hashlib

import human
from baselines import BagOfWords, LongerResponse
from native import labelled_groups, prompt_text, strict_pairs
from program import ROOT, SHARED_DATA, StudyError, longer_context, token_counter, write_lines
from study import Study, require, say

# Longest prompt and response, in tokens of the base.
CONTEXT = 2048
# For a base without a chat form, so that conversations can be told from their turns.
TEMPLATE = ("{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}"
            "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}\n{% endfor %}"
            "{% if add_generation_prompt %}assistant: {% endif %}")
BASES = {
    "demo-supervised": ROOT / "share" / "demo" / "demo-supervised",
    "stories260K": SHARED_DATA / "models" / "stories260K" / "hf",
}
# LLMBar is for judging alone: what it is judged by learns from these.
TRANSFER = ("tulu", "pandalm")
JUDGES = ("reward model", "bag of words", "longer response")
SETTINGS = {"epochs": 1, "minimum_steps": 20, "evaluations": 5, "patience": 5, "learning_rate": 0.001, "groups_per_step": 8,
            "reference_samples": 16, "maximum_response_tokens": 16, "tokens_per_pass": 4096}


class HumanData(Study):
    name = "human-data"
    title = "Real human preferences"
    pages = "human_data_page"
    minutes_per_row = 2.0

    def settings(self):
        return [{"data": name, "base": base} for base in reversed(BASES) for name in human.ALL]

    def inputs(self):
        require(SHARED_DATA, "this study reads people's preferences, which are not in the repository")
        data = {name: SHARED_DATA / module.FOLDER for name, module in human.ALL.items()}
        return {**data, **{name: require(folder, "a base of this study") for name, folder in BASES.items()}}

    def inputs_of(self, setting):
        return [*(TRANSFER if setting["data"] == "llmbar" else ()), setting["data"], setting["base"]]

    def prepare(self):
        """Checks the counts, takes every data set through a store and back, and gives the bases more room."""
        wrong = human.wrong_counts(SHARED_DATA)
        if wrong:
            raise StudyError("the converters count otherwise than the data says:\n" + "\n".join(wrong))
        say("  counts of all six data sets are those of expected_shared.json")
        self.bases = {}
        for name, folder in BASES.items():
            copy = longer_context(folder, self.work / name, CONTEXT)
            if not (copy / "tokenizer_config.json").exists():
                (copy / "tokenizer_config.json").write_text('{"bos_token": "<s>", "eos_token": "</s>"}')
                (copy / "chat_template.jinja").write_text(TEMPLATE)
            self.bases[name] = copy
        self.counters = {name: token_counter(copy, self.work / f"{name}-counter") for name, copy in self.bases.items()}
        self.groups = {name: self.imported(name, module) for name, module in human.ALL.items()}
        self.fitting = {}

    def imported(self, name, module):
        lines = module.labels(human.reader(SHARED_DATA, module))
        said, exported = self.plumb.import_labels(lines, self.work / f"import-{name}", BASES["demo-supervised"])
        if labels_of(exported) != labels_of(lines):
            raise StudyError(f"{name}: what the store hands back is not what was imported")
        say(f"  {name}: {said}")
        return labelled_groups(exported)

    def fits(self, base, name):
        """The groups that the base can read, and the share of them."""
        if (base, name) not in self.fitting:
            groups = self.groups[name]
            answers = self.plumb.judged(self.counters[base], [g["group"] for g in groups], self.work)
            known = {group["group"]["id"] for group, answer in zip(groups, answers)
                     if len(answer["prompt_ids"]) + max(len(r["token_ids"]) for r in answer["responses"]) <= CONTEXT}
            self.fitting[base, name] = [group for group in groups if group["group"]["id"] in known]
        return self.fitting[base, name], len(self.fitting[base, name]) / len(self.groups[name])

    def measure(self, setting, seed, folder):
        name, base = setting["data"], setting["base"]
        groups, share = self.fits(base, name)
        if name == "llmbar":
            training = [(source, group) for source in TRANSFER for group in self.fits(base, source)[0]]
            parts = split(training, seed, tested=0)
            parts["test"] = [(name, group) for group in groups]
        else:
            parts = split([(name, group) for group in groups], seed)
        pairs = {part: [pair for _, group in members for pair in text_pairs(group)] for part, members in parts.items()}
        tested = [group for _, group in parts["test"]]
        lines = [{**group, "split": part} for part in ("train", "held_out") for _, group in parts[part]]
        write_lines(folder / "groups.jsonl", lines)
        model = self.plumb.train("reward", folder, seed, SETTINGS, groups=folder / "groups.jsonl", base=self.bases[base])
        scores = self.plumb.score(model, [group["group"] for group in tested], folder)
        longer, words = LongerResponse(pairs["train"]), BagOfWords.chosen(pairs["train"], pairs["held_out"])
        texts = [{r["id"]: r["text"] for r in group["group"]["responses"]} for group in tested]
        judges = {
            "reward model": scores,
            "bag of words": [{i: words.score(text) for i, text in row.items()} for row in texts],
            "longer response": [{i: longer.score(text) for i, text in row.items()} for row in texts],
        }
        return self.figures(name, tested, judges, share, parts, longer)

    def figures(self, name, tested, judges, share, parts, longer):
        clusters, subsets = {}, {}
        for place, group in enumerate(tested):
            key = hashlib.sha256(human.ALL[name].cluster(group).encode()).hexdigest()[:10]
            places = [clusters.setdefault(key, [0] * (1 + len(JUDGES)))]
            if name == "llmbar":
                places.append(subsets.setdefault(human.llmbar.subset(group), [0] * (1 + len(JUDGES))))
            for label in group["labels"]:
                for winner, loser in strict_pairs(label["judgement"]):
                    for tally in places:
                        tally[0] += 1
                        for number, judge in enumerate(JUDGES):
                            better, worse = judges[judge][place][winner], judges[judge][place][loser]
                            tally[number + 1] += 1 if better > worse else 0.5 if better == worse else 0
        total = [sum(tally[n] for tally in clusters.values()) for n in range(1 + len(JUDGES))]
        return {"pairs": total[0], "groups": len(tested), "training_groups": len(parts["train"]), "fitting_share": round(share, 4),
                "longer_is_better": longer.sign > 0, **{judge: total[n + 1] / total[0] for n, judge in enumerate(JUDGES)},
                "prompts": clusters, **({"subsets": subsets} if subsets else {})}


def labels_of(lines):
    """What a label says, without what an import does not keep."""
    return {(entry["label_id"], entry["revision"]): (
        entry["annotator"], entry.get("ranking"), entry.get("comparison"), prompt_text(entry["prompt"]), entry["display_order"],
        tuple((r["id"], r["text"]) for r in entry["responses"])) for entry in lines}


def split(members, seed, tested=0.3, held_out=0.1):
    """Parts by the hash of seed and cluster, so that all of a prompt (story, tree, conversation) lies on one side."""
    parts = {"train": [], "held_out": [], "test": []}
    for name, group in members:
        key = f"{seed}\n{name}\n{human.ALL[name].cluster(group)}"
        place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2 ** 48
        part = "test" if place < tested else "held_out" if place < tested + held_out else "train"
        parts[part].append((name, group))
    return parts


def text_pairs(group):
    """(winner's text, loser's text, weight) of all labels, each label weighing 1."""
    texts = {r["id"]: r["text"] for r in group["group"]["responses"]}
    found = []
    for label in group["labels"]:
        pairs = strict_pairs(label["judgement"])
        found += [(texts[winner], texts[loser], 1 / len(pairs)) for winner, loser in pairs]
    return found
