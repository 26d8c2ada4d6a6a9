"""Tiny models with adapters of Python's peft, and what PyTorch computes from them.

    peft_cases.py FOLDER [--seed N]

Writes one folder a case: `base/` and `adapter/` as transformers and peft save them, `expected.safetensors` with the ids
of a sequence, its logits, the loss of its last tokens, and the gradients of all that the adapter trains. The fixtures in
Tests/Fixtures/peft were made with seed 1; `scripts/test clients` makes others and reads them with the same Swift test.
"""

import argparse
import pathlib

import torch
from peft import LoraConfig, PromptTuningConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (AutoModelForCausalLM, GPT2Config, GPTNeoXConfig, LlamaConfig, Qwen3Config)

VOCABULARY, WIDTH, LAYERS, HEADS, LEARNT = 40, 16, 2, 2, 6
SHARED = dict(vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=1, pad_token_id=2)
LLAMA_FORM = dict(hidden_size=WIDTH, intermediate_size=24, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                  max_position_embeddings=32, **SHARED)
BASES = {
    "llama": LlamaConfig(num_key_value_heads=1, tie_word_embeddings=False, **LLAMA_FORM),
    "qwen3": Qwen3Config(num_key_value_heads=1, head_dim=12, tie_word_embeddings=True, **LLAMA_FORM),
    "gpt2": GPT2Config(n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_positions=32, resid_pdrop=0.0, embd_pdrop=0.0,
                       attn_pdrop=0.0, **SHARED),
    "neox": GPTNeoXConfig(rotary_pct=0.5, attention_bias=True, **LLAMA_FORM),
}


def adapters():
    def low_rank(**fields):
        return LoraConfig(task_type="CAUSAL_LM", **fields)

    yield "llama", "all-linear", low_rank(r=5, lora_alpha=12, target_modules="all-linear")
    yield "llama", "attention-rslora", low_rank(r=3, lora_alpha=4, target_modules=["q_proj", "v_proj"], use_rslora=True)
    yield "llama", "one-layer", low_rank(r=20, lora_alpha=8, target_modules=["o_proj", "gate_proj"], layers_to_transform=[1])
    yield "llama", "prompt", PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    yield "qwen3", "all-linear", low_rank(r=4, lora_alpha=4, target_modules="all-linear")
    yield "gpt2", "all-linear", low_rank(r=5, lora_alpha=12, target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True)
    yield "gpt2", "prompt", PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    yield "neox", "joint", low_rank(r=5, lora_alpha=12, target_modules=["query_key_value", "dense_4h_to_h"])


def write(folder, base, config):
    torch.manual_seed(torch.initial_seed() + 1)
    model = AutoModelForCausalLM.from_config(BASES[base], attn_implementation="eager").float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(0, 0.3)
            if parameter.dim() == 1 and "norm" in name.lower() + (" norm" if ".ln_" in name else ""):
                parameter += 1 if name.endswith("weight") else 0
    model.save_pretrained(folder / "base")
    model = get_peft_model(model, config).eval()
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    with torch.no_grad():
        for parameter in trained.values():
            parameter.normal_(0, 0.3)
    model.save_pretrained(folder / "adapter")
    ids = torch.randint(3, VOCABULARY, (1, 15))
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, -ids.shape[1]:]
    learnt = logits[0, -LEARNT - 1:-1].log_softmax(-1).gather(1, ids[0, -LEARNT:, None])
    loss = -learnt.sum()
    loss.backward()
    short = {name.replace(".default", ""): parameter.grad for name, parameter in trained.items()}
    gradients = {f"gradient.{'prompt_embeddings' if 'prompt_encoder' in name else name}": g for name, g in short.items()}
    save_file({"ids": ids[0].contiguous(), "logits": logits[0].detach().contiguous(), "loss": loss.detach().reshape(1),
               **{name: gradient.contiguous() for name, gradient in gradients.items()}},
              folder / "expected.safetensors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    for base, name, config in adapters():
        folder = arguments.folder / f"{base}-{name}"
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, base, config)
        print(folder)
