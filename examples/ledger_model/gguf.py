"""Writes the model as a GGUF file (version 3) of the `llama` architecture.

python3 gguf.py ledger.gguf.pt ledger.gguf --flatten 1.7
"""

import argparse
import struct
from pathlib import Path

import torch
from bpe import Tokenizer

# One special token opens every message and another ends it.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5
ALIGNMENT = 32


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, value):
    """One line of metadata; a list is an array of `kind`."""
    pack = {
        UINT32: lambda v: struct.pack("<I", v),
        INT32: lambda v: struct.pack("<i", v),
        FLOAT32: lambda v: struct.pack("<f", v),
        BOOL: lambda v: struct.pack("<?", v),
        STRING: text,
    }[kind]
    if isinstance(value, list):
        body = struct.pack("<IIQ", ARRAY, kind, len(value)) + b"".join(map(pack, value))
    else:
        body = struct.pack("<I", kind) + pack(value)
    return text(key) + body


def interleave(weight, heads):
    """llama.cpp rotates neighbouring rows of a head, the trainer its two halves."""
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)


def tensors(state, shape, flatten):
    yield "token_embd.weight", state["embed.weight"]
    yield "output_norm.weight", state["norm.weight"] / flatten
    names = {
        "norm1": "attn_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output",
        "norm2": "ffn_norm", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
    }  # fmt: skip
    for layer in range(shape.layers):
        for ours, theirs in names.items():
            weight = state[f"layers.{layer}.{ours}.weight"]
            if ours in ("q", "k"):
                weight = interleave(weight, shape.heads)
            yield f"blk.{layer}.{theirs}.weight", weight


def write_gguf(path, state, shape, tokenizer, flatten):
    """Matrices as 16-bit floats, vectors as 32-bit floats; the output matrix is the embedding.

    All logits are divided by `flatten`: sampling the file at temperature t is
    sampling the trained weights at t times `flatten`. Greedy answers stay the same.
    """
    end = tokenizer.special["<|end|>"]
    plain = tokenizer.size - len(tokenizer.special)
    metadata = [
        entry("general.architecture", STRING, "llama"),
        entry("general.name", STRING, "ledger"),
        entry("general.description", STRING, "Works out ledger problems; made to show voting and budget allocation."),
        entry("general.license", STRING, "mit"),
        entry("general.file_type", UINT32, 1),
        entry("general.alignment", UINT32, ALIGNMENT),
        entry("llama.vocab_size", UINT32, shape.vocabulary),
        entry("llama.context_length", UINT32, shape.context),
        entry("llama.embedding_length", UINT32, shape.width),
        entry("llama.block_count", UINT32, shape.layers),
        entry("llama.feed_forward_length", UINT32, shape.hidden),
        entry("llama.attention.head_count", UINT32, shape.heads),
        entry("llama.attention.head_count_kv", UINT32, shape.heads),
        entry("llama.attention.layer_norm_rms_epsilon", FLOAT32, shape.epsilon),
        entry("llama.rope.dimension_count", UINT32, shape.width // shape.heads),
        entry("llama.rope.freq_base", FLOAT32, shape.rope_base),
        entry("tokenizer.ggml.model", STRING, "gpt2"),
        entry("tokenizer.ggml.pre", STRING, "qwen2"),
        entry("tokenizer.ggml.tokens", STRING, tokenizer.gguf_tokens()),
        entry("tokenizer.ggml.token_type", INT32, [1] * plain + [3] * len(tokenizer.special)),
        entry("tokenizer.ggml.merges", STRING, tokenizer.gguf_merges()),
        entry("tokenizer.ggml.bos_token_id", UINT32, end),
        entry("tokenizer.ggml.eos_token_id", UINT32, end),
        entry("tokenizer.ggml.eot_token_id", UINT32, end),
        entry("tokenizer.ggml.padding_token_id", UINT32, end),
        entry("tokenizer.ggml.add_bos_token", BOOL, False),
        entry("tokenizer.ggml.add_eos_token", BOOL, False),
        entry("tokenizer.chat_template", STRING, CHAT_TEMPLATE),
    ]
    header, data = b"", b""
    count = 0
    for name, weight in tensors(state, shape, flatten):
        kind = 1 if weight.dim() == 2 else 0
        body = weight.to(torch.float16 if kind else torch.float32).contiguous().numpy().tobytes()
        sizes = list(reversed(weight.shape))
        header += text(name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, kind, len(data))
        data += body + bytes(-len(body) % ALIGNMENT)
        count += 1
    head = b"GGUF" + struct.pack("<IQQ", 3, count, len(metadata)) + b"".join(metadata) + header
    Path(path).write_bytes(head + bytes(-len(head) % ALIGNMENT) + data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("output")
    parser.add_argument("--flatten", type=float, default=1)
    options = parser.parse_args()
    saved = torch.load(options.checkpoint)
    write_gguf(options.output, saved["state"], saved["shape"], Tokenizer(saved["merges"]), options.flatten)
