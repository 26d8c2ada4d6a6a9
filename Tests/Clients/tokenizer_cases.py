"""Random texts from all of Unicode with the ids that Hugging Face's tokenizers library gives them, for many tokenizers.

`python tokenizer_cases.py OUTPUT [--texts N] [--seed S]` writes one folder a tokenizer, in the layout that
`TOKENIZER_CASES=OUTPUT scripts/test tokenizers` reads. The tokenizers are those of Tests/Fixtures/tokenizers, those of
../shared/data where they are, and variants of each with other normalizers, pre-tokenizers, decoders and added tokens. Further
folders have tokens that only the files beside the tokenizer name; transformers tells their ids.
"""

import argparse
import copy
import json
import pathlib
import random
import unicodedata

from tokenizers import Tokenizer, normalizers
from transformers import GPT2Tokenizer, PreTrainedTokenizerFast

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests" / "Fixtures" / "tokenizers"
SPACES = "\u0009\u000a\u000b\u000c\u000d\u0020\u0085\u00a0\u1680\u2000\u2003\u2009\u2028\u2029\u202f\u205f\u3000"
WORDS = ["the", "cat", "Don't", "WE'RE", "I'LL", "it'S", "they've", "'d", "'\u017f", "naïve", "cafe\u0301", "Straße", "日本語", "привет", "مرحبا",
         "हिन्दी", "한국어", "\u1112\u1161\u11ab", "🙂", "👩\u200d👩\u200d👧", "🇩🇪", "e\u0323\u0301", "\u00b2\u00bd\u2167", "12345", "3.14", "٣٤٥", "<|end|>", "</s>", "<s>", "<unk>",
         "▁", "▁▁x", "Ġ", "<0x41>", "\u0000", "\ufeff", "\u200b", "ﬁ", "Å", "\u212b", "½", "x=y+1;", "//", "...", "—", "''", "\r\n", "\n\n", "[[L]]", "[[R]]", "[[B]]", "[[S]]",
         "[[W]]", "[[N]]", "Ünï", "U\u0308nı", "word", "words", "<extra>"]


def known(scalar):
    """Whether this Python knows a scalar, and the library's tables (of Unicode 10 or so) have the same normal forms of it."""
    character = chr(scalar)
    if unicodedata.category(character) in ("Cn", "Cs"):
        return False
    if not unicodedata.combining(character) and not unicodedata.decomposition(character):
        return True
    return all(form(name).normalize_str(sample) == unicodedata.normalize(name, sample)
               for name in ("NFC", "NFKD") for sample in (character, f"a\u0345{character}"))


def form(name):
    return getattr(normalizers, name)()


KNOWN = [scalar for scalar in range(0x110000) if known(scalar)]


def text(draw):
    """One random text."""
    parts = []
    for _ in range(draw.randrange(1, 12)):
        kind = draw.randrange(8)
        if kind < 3:
            parts.append(draw.choice(WORDS))
        elif kind == 3:
            parts.append("".join(draw.choice(SPACES) for _ in range(draw.randrange(1, 5))))
        elif kind == 4:
            parts.append(" " * draw.randrange(1, 4))
        elif kind == 5:
            parts.append("".join(chr(draw.choice(KNOWN)) for _ in range(draw.randrange(1, 4))))
        elif kind == 6:
            parts.append("".join(chr(draw.randrange(0x20, 0x7F)) for _ in range(draw.randrange(1, 8))))
        else:
            parts.append("".join(chr(draw.randrange(0x300, 0x370)) for _ in range(draw.randrange(1, 3))))
        if draw.random() < 0.4:
            parts.append(" ")
    return "".join(parts)


def added(content, identity, **flags):
    token = {"id": identity, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    return {**token, **flags}


def with_added_tokens(document):
    """The tokenizer with one added token for each combination of flags that people use."""
    highest = max([*document["model"]["vocab"].values(), *(t["id"] for t in document["added_tokens"])])
    tokens = [("[[L]]", dict(lstrip=True)), ("[[R]]", dict(rstrip=True)), ("[[B]]", dict(lstrip=True, rstrip=True, special=True)),
              ("[[S]]", dict(special=True)), ("[[W]]", dict(single_word=True)), ("[[N]]", dict(normalized=True)), ("Ünï", dict(normalized=True)),
              ("word", dict(single_word=True, normalized=True)), ("<extra>", dict(normalized=True, rstrip=True)), ("  ", dict())]
    # The library counts ids on by itself and leaves what the tokenizer has already where it is; a file that says otherwise
    # has two ids for one text.
    known = document["model"]["vocab"].keys() | {token["content"] for token in document["added_tokens"]}
    new = [token for token in tokens if token[0] not in known]
    document["added_tokens"] += [added(content, highest + 1 + place, **flags) for place, (content, flags) in enumerate(new)]


def variants(name, original):
    """The tokenizer and its variants by name."""
    def change(**fields):
        document = copy.deepcopy(original)
        document.update(fields)
        return document

    yield name, original
    document = copy.deepcopy(original)
    with_added_tokens(document)
    yield f"{name}+added", document
    is_byte_level = "ByteLevel" in json.dumps(original["pre_tokenizer"])
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        document = copy.deepcopy(original)
        steps = document["normalizer"]
        steps = [] if steps is None else steps["normalizers"] if steps["type"] == "Sequence" else [steps]
        document["normalizer"] = {"type": "Sequence", "normalizers": [{"type": form}, *steps]}
        with_added_tokens(document)
        yield f"{name}+{form}", document
    document = copy.deepcopy(original)
    document["model"]["ignore_merges"] = not document["model"].get("ignore_merges", False)
    yield f"{name}+merges", document
    if is_byte_level:
        byte_level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
        yield f"{name}+prefix", change(pre_tokenizer=byte_level)
        parts = [{"type": "Digits", "individual_digits": True}, {**byte_level, "add_prefix_space": False}]
        yield f"{name}+digits", change(pre_tokenizer={"type": "Sequence", "pretokenizers": parts})
        parts = [{"type": "Digits", "individual_digits": False}, {**byte_level, "add_prefix_space": False}]
        yield f"{name}+numbers", change(pre_tokenizer={"type": "Sequence", "pretokenizers": parts})
        return
    for scheme in ("always", "first", "never"):
        for split in (True, False):
            metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}
            document = change(normalizer=None, pre_tokenizer=metaspace, decoder=metaspace)
            with_added_tokens(document)
            yield f"{name}+metaspace-{scheme}-{'split' if split else 'whole'}", document
    for fuses in (True, False):
        document = change(normalizer=None, pre_tokenizer=None)
        document["model"] |= {"byte_fallback": False, "fuse_unk": fuses, "unk_token": document["model"].get("unk_token") or "<unk>"}
        yield f"{name}+unknown-{'fused' if fuses else 'single'}", document


def originals():
    for folder in sorted(FIXTURES.iterdir()):
        yield folder.name, json.loads((folder / "tokenizer.json").read_text())
    shared = ROOT.parent / "shared" / "data" / "tokenizers"
    for file in sorted(shared.glob("*/tokenizer.json")):
        yield file.parent.name, json.loads(file.read_text())


def flags(content, **others):
    return {key: value for key, value in added(content, 0, **others).items() if key != "id"}


def with_files_beside(output, name, document):
    """Folders of a tokenizer whose tokenizer_config.json adds tokens and says of one that is there that it takes spaces, and, for
    GPT-2's kind, of its older pair of files with added_tokens.json; with what transformers makes of them."""
    vocabulary = document["model"]["vocab"]
    first = max([*vocabulary.values(), *(t["id"] for t in document["added_tokens"])]) + 1
    new = [flags("[[L]]", lstrip=True), flags("[[B]]", lstrip=True, rstrip=True, special=True), flags("[[W]]", single_word=True),
           flags("[[N]]", normalized=True)]
    decoder = {str(first + place): token for place, token in enumerate(new)}
    if document["added_tokens"]:
        own = document["added_tokens"][-1]
        decoder[str(own["id"])] = flags(own["content"], special=own["special"], lstrip=True, rstrip=True)
    word = next(w for w in ("the", "▁the", "Ġthe", "th") if w in vocabulary)
    folder = output / f"{name}+beside"
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False))
    config = {"added_tokens_decoder": decoder, "eos_token": word, "pad_token": "[[B]]", "tokenizer_class": "PreTrainedTokenizerFast",
              "clean_up_tokenization_spaces": False, "model_max_length": 10**30}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    yield folder, PreTrainedTokenizerFast.from_pretrained(folder)
    if name != "gpt2-style":
        return
    folder = output / f"{name}+pair"
    folder.mkdir()
    bare = {token: place for token, place in vocabulary.items()}
    (folder / "vocab.json").write_text(json.dumps(bare, ensure_ascii=False))
    pairs = [merge if isinstance(merge, str) else " ".join(merge) for merge in document["model"]["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(pairs) + "\n")
    tokens = [token["content"] for token in new]
    end = next((t["content"] for t in document["added_tokens"] if t["content"] in vocabulary), word)
    first = max(vocabulary.values()) + 1
    (folder / "added_tokens.json").write_text(json.dumps({token: first + place for place, token in enumerate(tokens)}))
    names = {"eos_token": end, "bos_token": end, "unk_token": end, "pad_token": "[[B]]"}
    (folder / "special_tokens_map.json").write_text(json.dumps(names))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, **names}))
    yield folder, GPT2Tokenizer.from_pretrained(folder)


def write_beside(output, count, seed):
    for name, original in originals():
        for folder, tokenizer in with_files_beside(output, name, original):
            draw = random.Random(f"{seed} {folder.name}")
            cases = []
            for _ in range(count):
                sample = text(draw)
                ids = tokenizer(sample, add_special_tokens=False)["input_ids"]
                cases.append({"text": sample, "ids": ids, "ids_with_specials": tokenizer(sample)["input_ids"],
                              "decoded": tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)})
            (folder / "expected.json").write_text(json.dumps(cases, ensure_ascii=False))


def write(output, count, seed):
    for name, original in originals():
        for variant, document in variants(name, original):
            tokenizer = Tokenizer.from_str(json.dumps(document))
            tokenizer.no_truncation()
            tokenizer.no_padding()
            draw = random.Random(f"{seed} {variant}")
            cases = []
            for _ in range(count):
                sample = text(draw)
                ids = tokenizer.encode(sample, add_special_tokens=False).ids
                cases.append({"text": sample, "ids": ids, "ids_with_specials": tokenizer.encode(sample).ids,
                              "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
            folder = output / variant
            folder.mkdir(parents=True)
            (folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False))
            (folder / "expected.json").write_text(json.dumps(cases, ensure_ascii=False))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(f"tokenizer cases: seed {arguments.seed}, {arguments.texts} texts a tokenizer", flush=True)
    write(arguments.output, arguments.texts, arguments.seed)
    write_beside(arguments.output, arguments.texts, arguments.seed)
