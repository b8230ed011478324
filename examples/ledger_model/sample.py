"""Answers many prompts at once from the trained weights, much faster than one by one.

    OMP_NUM_THREADS=1 python3 sample.py ledger.gguf.pt corpus.jsonl own.jsonl --prompts 20000 --samples 8

Every line of the input has a `prompt` as the chat template renders it, or just a
`question`. The output repeats the line and adds `texts` and `tokens`, the
length of each.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F
from bpe import Tokenizer
from model import Model, rotate

ROWS = 256  # answers written together
PREFILL = 8  # prompts read together
LONGEST_ANSWER = 120  # tokens; six lines take about 100


class Sampler:
    def __init__(self, path):
        saved = torch.load(path)
        self.tokenizer = Tokenizer(saved["merges"])
        self.shape = saved["shape"]
        self.model = Model(self.shape)
        self.model.load_state_dict(saved["state"])
        for name, parameter in self.model.named_parameters():
            if parameter.dim() == 2 and "layers" in name:
                parameter.data = parameter.data.bfloat16()
        self.scale = (self.shape.width // self.shape.heads) ** -0.5
        self.end = self.tokenizer.special["<|end|>"]

    def layers(self, x, attend):
        """The last column's logits; `attend` gives what each layer sees from its queries, keys and values."""
        for place, layer in enumerate(self.model.layers):
            h = layer.norm1(x, torch.bfloat16)
            q, k, v = (m(h).float().view(*x.shape[:2], self.shape.heads, -1) for m in (layer.q, layer.k, layer.v))
            seen = attend(place, q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
            x = x + layer.o(seen.transpose(1, 2).reshape(x.shape).bfloat16()).float()
            h = layer.norm2(x, torch.bfloat16)
            x = x + layer.down(F.silu(layer.gate(h)) * layer.up(h)).float()
        return self.model.norm(x[:, -1]) @ self.model.embed.weight.t()

    def turn(self, x, start):
        end = start + x.shape[2]
        return rotate(x, self.model.cos[start:end], self.model.sin[start:end])

    def read(self, prompts, width):
        """Logits after each prompt, and every layer's keys and values; short prompts are padded on the left."""
        ids = torch.tensor([[0] * (width - len(prompt)) + list(prompt) for prompt in prompts])
        bias = self.padding(prompts, width) + torch.full((width, width), -1e4).triu(1)
        caches = []

        def attend(_, q, k, v):
            k = self.turn(k, 0)
            caches.append((k, v))
            scores = (self.turn(q, 0) * self.scale).bfloat16() @ k.bfloat16().transpose(2, 3)
            return ((scores.float() + bias).softmax(-1).bfloat16() @ v.bfloat16()).float()

        return self.layers(self.model.embed(ids), attend), caches

    def padding(self, prompts, width):
        blank = torch.tensor([width - len(prompt) for prompt in prompts])
        return torch.zeros(len(prompts), 1, 1, width).masked_fill_(
            torch.arange(width) < blank[:, None, None, None], -1e4
        )

    @torch.no_grad()
    def batch(self, prompts, temperatures, random):
        """A continuation of every list of ids for each temperature; they share what was read of it."""
        samples = len(temperatures)
        warmth = torch.tensor([temperatures * len(prompts)]).t().clamp(min=1e-4)
        width = max(map(len, prompts))
        parts = [self.read(prompts[at : at + PREFILL], width) for at in range(0, len(prompts), PREFILL)]
        logits = torch.cat([logits for logits, _ in parts]).repeat_interleave(samples, 0)
        read = [[torch.cat(pieces) for pieces in zip(*layer)] for layer in zip(*(caches for _, caches in parts))]
        bias = self.padding(prompts, width)
        shape = (len(prompts), self.shape.heads, samples)
        size = self.shape.width // self.shape.heads
        keys, values = (torch.zeros(self.shape.layers, *shape, LONGEST_ANSWER, size) for _ in range(2))
        written, done = [], torch.zeros(len(logits), dtype=torch.bool)
        for place in range(LONGEST_ANSWER):
            sums = (logits / warmth).softmax(-1).cumsum(-1)
            drawn = torch.rand(len(logits), 1, generator=random) * sums[:, -1:]
            chosen = torch.searchsorted(sums, drawn, right=True).squeeze(1).clamp_(max=self.tokenizer.size - 1)
            written.append(chosen)
            done |= chosen == self.end
            if done.all():
                break

            def attend(layer, q, k, v):
                q, k, v = (
                    x.reshape(len(prompts), samples, -1, size).transpose(1, 2)
                    for x in (self.turn(q, width + place) * self.scale, self.turn(k, width + place), v)
                )
                keys[layer, :, :, :, place], values[layer, :, :, :, place] = k, v
                old = q @ read[layer][0].transpose(2, 3) + bias
                new = (q.unsqueeze(3) * keys[layer, :, :, :, : place + 1]).sum(-1)
                old, new = torch.cat((old, new), -1).softmax(-1).split((width, place + 1), -1)
                seen = old @ read[layer][1] + (new.unsqueeze(-1) * values[layer, :, :, :, : place + 1]).sum(3)
                return seen.transpose(1, 2).reshape(len(logits), -1, 1, size)

            logits = self.layers(self.model.embed(chosen[:, None]), attend)
        texts = []
        for tokens in torch.stack(written, 1).tolist():
            stop = tokens.index(self.end) if self.end in tokens else len(tokens)
            texts.append((self.tokenizer.decode(tokens[:stop]), min(stop + 1, len(tokens))))
        return [texts[at : at + samples] for at in range(0, len(texts), samples)]

    def answer(self, prompts, temperatures, seed):
        """For every prompt a list of pairs (text, output tokens), one for each temperature."""
        encoded = [self.tokenizer.encode(prompt)[0] for prompt in prompts]
        order = sorted(range(len(prompts)), key=lambda place: len(encoded[place]))
        random = torch.Generator().manual_seed(seed)
        texts, group = {}, []
        for place in [*order, None]:
            if group and (place is None or (len(group) + 1) * len(temperatures) > ROWS):
                done = self.batch([encoded[member] for member in group], temperatures, random)
                texts.update(zip(group, done))
                group = []
            group.append(place)
        return [texts[place] for place in range(len(prompts))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--prompts", type=int, help="the first ones only")
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1], help="as many samples at each")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open(options.input) as lines:
        rows = [json.loads(line) for line in lines][: options.prompts]
    prompts = [row.get("prompt") or f"<|user|>{row['question']}<|end|><|assistant|>" for row in rows]
    begin = time.time()
    temperatures = [one for one in options.temperatures for _ in range(options.samples)]
    texts = Sampler(options.checkpoint).answer(prompts, temperatures, options.seed)
    with open(options.output, "w") as file:
        for row, own in zip(rows, texts):
            kept = {key: value for key, value in row.items() if key not in ("text", "loss", "prompt")}
            file.write(json.dumps({**kept, "texts": [text for text, _ in own], "tokens": [size for _, size in own]}) + "\n")
    print(f"{len(rows)} prompts, {len(temperatures)} samples each, {time.time() - begin:.0f} s")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
