"""Prompts of chat models of every family: the ids that Plumb prompts with are those of transformers' `apply_chat_template`.

Each family's template goes into a folder that transformers writes (a tiny model, a byte-level tokenizer with the family's
tokens), and `plumb score` tells the ids of its prompts.
"""

import json

import chat_cases
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ["<pad>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|user|>", "<|assistant|>",
           "<|system|>", "<|end|>", "<|pad|>"]
# transformers turns text that spells a special token into that token, Plumb does not: such conversations differ on purpose.
HARMLESS = [messages for messages in chat_cases.CONVERSATIONS
            if messages[-1]["role"] == "user" and not any(token in m["content"] for m in messages for token in SPECIAL)
            and [m["role"] for m in messages if m["role"] != "system"][0] == "user"]


def tokenizer(template):
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    core.train_from_iterator(["the cat sat on the mat", "### Instruction: [INST] <<SYS>>"], trainer)
    # One token that takes the blanks behind it, as Phi-3's do.
    core.add_special_tokens([AddedToken("<|end|>", rstrip=True, special=True)])
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="</s>", pad_token="<pad>", chat_template=template)


def write_model(folder, template):
    reader = tokenizer(template)
    reader.save_pretrained(folder)
    config = LlamaConfig(vocab_size=len(reader), hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                         max_position_embeddings=1024, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    LlamaForCausalLM(config).save_pretrained(folder)
    return reader


FORM = {"begin": "{bos_token}", "system": "{system}\n\n", "user": "### Instruction:\n{user}\n\n", "assistant": "### Response:\n{assistant}{eos_token}\n\n"}
PRINTED = "<s>Be brief.\n\n### Instruction:\nHi.\n\n### Response:\nHello!</s>\n\n### Instruction:\nAnd now?\n\n### Response:\n"


def check_given_template(report, plumb, scratch):
    """A folder without a template is given one by placeholders; transformers reads it from the copy."""
    bare = scratch / "chat-bare"
    write_model(bare, None)
    form = scratch / "form.json"
    form.write_text(json.dumps(FORM))
    plumb("add-policy", "given", "--data", scratch / "data", "--folder", bare, "--chat-template", form)
    reader = PreTrainedTokenizerFast.from_pretrained(scratch / "data" / "policies" / "given")
    messages = [chat_cases.message("system", "Be brief."), chat_cases.message("user", "Hi."), chat_cases.message("assistant", "Hello!"),
                chat_cases.message("user", "And now?")]
    printed = reader.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    report.check("chat: a template given by placeholders prints in transformers what it says", printed == PRINTED, repr(printed))


def check(report, plumb, score, scratch):
    """`plumb(*arguments)` runs the program; `score(model, groups)` gives the answers of `plumb score`."""
    check_given_template(report, plumb, scratch)
    stored = json.loads(chat_cases.FIXTURE.read_text())["cases"]
    report.check("chat: the fixture is what transformers prints today", stored == chat_cases.cases())
    for name, template in chat_cases.TEMPLATES.items():
        if name == "language":
            continue
        folder = scratch / f"chat-{name}"
        reader = write_model(folder, template)
        groups, expected = [], []
        for place, messages in enumerate(HARMLESS):
            try:
                expected.append(reader.apply_chat_template(messages, add_generation_prompt=True, return_dict=False))
            except Exception as error:  # jinja2's, where the template refuses the messages
                assert "role" in str(error) or "turns" in str(error), error
                continue
            prompt = {"kind": "messages", "messages": messages}
            groups.append({"id": str(place), "prompt": prompt, "responses": [{"id": "a", "text": "x"}]})
        ours = [answer["prompt_ids"] for answer in score(folder, groups)]
        report.check(f"chat: {name} prompts with the ids of apply_chat_template", ours == expected and len(ours) >= 3, f"{len(ours)} conversations")
