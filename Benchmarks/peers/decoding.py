"""One prompt answered K times by llama.cpp or transformers, for `Benchmarks/decode.py`: random weights of a shape, one
group for each line on standard input, one line of JSON with seconds for each. Runs in the virtual environment of the peers.
"""

import argparse
import json
import pathlib
import random
import sys
import time

SHAPES = {
    "a": dict(kind="gpt2", vocabulary=50257, width=768, layers=12, heads=12, kv_heads=12, inner=3072, context=1024),
    "b": dict(kind="llama", vocabulary=32000, width=288, layers=6, heads=6, kv_heads=6, inner=768, context=1024),
    "c": dict(kind="llama", vocabulary=49152, width=576, layers=30, heads=9, kv_heads=3, inner=1536, context=1024),
}


def say(answer):
    print(json.dumps(answer), flush=True)


def write_gguf(path, shape, kind):
    """A model of random weights: matrices in `kind`, vectors in float32, the head tied to the embedding."""
    import gguf
    import numpy

    arch = gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.GPT2 if shape["kind"] == "gpt2" else gguf.MODEL_ARCH.LLAMA]
    writer = gguf.GGUFWriter(path, arch)
    writer.add_context_length(shape["context"])
    writer.add_embedding_length(shape["width"])
    writer.add_block_count(shape["layers"])
    writer.add_feed_forward_length(shape["inner"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv_heads"])
    writer.add_vocab_size(shape["vocabulary"])
    if shape["kind"] == "gpt2":
        writer.add_layer_norm_eps(1e-5)
    else:
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_dimension_count(shape["width"] // shape["heads"])
    writer.add_tokenizer_model("none")
    writer.add_file_type({"f32": 0, "q8_0": 7, "bf16": 32}[kind])
    generator = numpy.random.default_rng(0)
    type_of = {"f32": gguf.GGMLQuantizationType.F32, "bf16": gguf.GGMLQuantizationType.BF16,
               "q8_0": gguf.GGMLQuantizationType.Q8_0}[kind]

    def matrix(name, rows, columns, kind=type_of):
        values = (generator.standard_normal((rows, columns), dtype=numpy.float32) * 0.02)
        writer.add_tensor(name + ".weight", gguf.quants.quantize(values, kind), raw_dtype=kind)

    def vector(name, size, value=None):
        values = numpy.full(size, value, numpy.float32) if value is not None else \
            generator.standard_normal(size, dtype=numpy.float32) * 0.02
        writer.add_tensor(name, values)

    w, head = shape["width"], shape["width"] // shape["heads"]
    gpt2 = shape["kind"] == "gpt2"
    matrix("token_embd", shape["vocabulary"], w)
    if gpt2:
        matrix("position_embd", shape["context"], w, gguf.GGMLQuantizationType.F32)
        # GPT-2's head is tied; llama.cpp takes the embedding where there is no output.weight.
        vector("output_norm.bias", w, 0)
    vector("output_norm.weight", w, 1)
    for layer in range(shape["layers"]):
        name = f"blk.{layer}."
        vector(name + "attn_norm.weight", w, 1)
        vector(name + "ffn_norm.weight", w, 1)
        if gpt2:
            vector(name + "attn_norm.bias", w, 0)
            vector(name + "ffn_norm.bias", w, 0)
            for part, outputs, inputs in [("attn_qkv", 3 * w, w), ("attn_output", w, w),
                                          ("ffn_up", shape["inner"], w), ("ffn_down", w, shape["inner"])]:
                matrix(name + part, outputs, inputs)
                vector(name + part + ".bias", outputs)
        else:
            for part, outputs, inputs in [("attn_q", w, w), ("attn_k", shape["kv_heads"] * head, w),
                                          ("attn_v", shape["kv_heads"] * head, w), ("attn_output", w, w),
                                          ("ffn_gate", shape["inner"], w), ("ffn_up", shape["inner"], w),
                                          ("ffn_down", w, shape["inner"])]:
                matrix(name + part, outputs, inputs)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class LlamaCpp:
    """llama.cpp through its own API: the prompt once, then the responses as one batch of sequences. Random tokens are fed,
    sampling is not included. Flash attention; unified or split cache as asked."""

    def __init__(self, arguments, shape):
        import llama_cpp.llama_cpp as api

        self.api = api
        self.arguments, self.shape = arguments, shape
        path = pathlib.Path(arguments.folder) / f"{arguments.shape}-{arguments.kind}.gguf"
        if not path.exists():
            part = path.with_suffix(".part")
            write_gguf(part, shape, arguments.kind)
            part.rename(path)
        self.quiet = api.llama_log_callback(lambda level, text, data: None)
        api.llama_log_set(self.quiet, None)
        api.llama_backend_init()
        self.model = api.llama_model_load_from_file(str(path).encode(), api.llama_model_default_params())
        if not self.model:
            sys.exit(f"llama.cpp does not load {path}")
        settings = api.llama_context_default_params()
        settings.n_seq_max = arguments.responses
        settings.n_ctx = (arguments.prompt + arguments.tokens) * (1 if arguments.unified else arguments.responses) \
            + (arguments.tokens * arguments.responses if arguments.unified else 0)
        settings.n_batch = settings.n_ubatch = 512
        settings.n_threads = settings.n_threads_batch = arguments.threads
        settings.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_ENABLED
        settings.kv_unified = arguments.unified
        self.context = api.llama_init_from_model(self.model, settings)
        self.batch = api.llama_batch_init(512, 0, 1)

    def fill(self, tokens):
        """tokens: (token, position, sequence, whether logits are wanted)."""
        batch = self.batch
        batch.n_tokens = len(tokens)
        for index, (token, position, sequence, wanted) in enumerate(tokens):
            batch.token[index], batch.pos[index], batch.n_seq_id[index] = token, position, 1
            batch.seq_id[index][0], batch.logits[index] = sequence, wanted

    def decode(self, tokens):
        self.fill(tokens)
        if self.api.llama_decode(self.context, self.batch) != 0:
            sys.exit("llama.cpp refuses a batch")

    def group(self, draw):
        a, api = self.arguments, self.api
        memory = api.llama_get_memory(self.context)
        api.llama_memory_clear(memory, True)
        start = time.perf_counter()
        self.decode([(draw(), i, 0, i == a.prompt - 1) for i in range(a.prompt)])
        for sequence in range(1, a.responses):
            api.llama_memory_seq_cp(memory, 0, sequence, -1, -1)
        first = time.perf_counter()
        for step in range(a.tokens - 1):
            self.decode([(draw(), a.prompt + step, s, True) for s in range(a.responses)])
        end = time.perf_counter()
        return {"prompt": first - start, "step": end - first, "request": end - start}


class Transformers:
    """transformers' own generate with sampling at temperature 1, K sequences of one prompt."""

    def __init__(self, arguments, shape):
        import torch
        import transformers

        torch.manual_seed(0)
        torch.set_num_threads(arguments.threads)
        torch.set_grad_enabled(False)
        self.torch, self.arguments, self.shape = torch, arguments, shape
        if shape["kind"] == "gpt2":
            configuration = transformers.GPT2Config(
                vocab_size=shape["vocabulary"], n_embd=shape["width"], n_layer=shape["layers"],
                n_head=shape["heads"], n_positions=shape["context"])
        else:
            configuration = transformers.LlamaConfig(
                vocab_size=shape["vocabulary"], hidden_size=shape["width"], num_hidden_layers=shape["layers"],
                num_attention_heads=shape["heads"], num_key_value_heads=shape["kv_heads"],
                intermediate_size=shape["inner"], max_position_embeddings=shape["context"],
                tie_word_embeddings=True)
        model = transformers.AutoModelForCausalLM.from_config(configuration)
        self.model = model.to(torch.bfloat16 if arguments.kind == "bf16" else torch.float32).eval()

    def generate(self, prompt, tokens):
        a = self.arguments
        self.model.generate(prompt, attention_mask=self.torch.ones_like(prompt), do_sample=True, temperature=1.0,
                            top_k=0, num_return_sequences=a.responses, min_new_tokens=tokens, max_new_tokens=tokens,
                            pad_token_id=0)

    def group(self, draw):
        prompt = self.torch.tensor([[draw() for _ in range(self.arguments.prompt)]])
        start = time.perf_counter()
        self.generate(prompt, 1)
        first = time.perf_counter()
        self.generate(prompt, self.arguments.tokens)
        end = time.perf_counter()
        return {"prompt": first - start, "step": (end - first) - (first - start), "request": end - first}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=("llama.cpp", "transformers"))
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--kind", choices=("f32", "bf16", "q8_0"), required=True)
    parser.add_argument("--folder", default=".")
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--responses", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--unified", action="store_true")
    arguments = parser.parse_args()
    shape = SHAPES[arguments.shape]
    peer = (LlamaCpp if arguments.peer == "llama.cpp" else Transformers)(arguments, shape)
    source = random.Random(1)
    say({"ready": True})
    for _ in sys.stdin:
        say(peer.group(lambda: source.randrange(1, shape["vocabulary"])))
