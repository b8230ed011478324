"""Compares the greedy answers of llama.cpp (`measure.ts greedy`) with those of the trained weights.

python3 parity.py ledger.gguf.pt greedy.jsonl
"""

import json
import sys

import torch
from bpe import Tokenizer
from model import Model

saved = torch.load(sys.argv[1])
tokenizer = Tokenizer(saved["merges"])
model = Model(saved["shape"])
model.load_state_dict(saved["state"])
end = tokenizer.special["<|end|>"]


@torch.no_grad()
def greedy(prompt):
    ids, _ = tokenizer.encode(prompt)
    start = len(ids)
    while len(ids) < saved["shape"].context:
        best = model(torch.tensor([ids]), torch.tensor([len(ids) - 1])).argmax().item()
        if best == end:
            break
        ids.append(best)
    return tokenizer.decode(ids[start:])


same = total = 0
with open(sys.argv[2]) as lines:
    for line in lines:
        row = json.loads(line)
        same += greedy(f"<|user|>{row['question']}<|end|><|assistant|>") == row["text"]
        total += 1
print(f"{same} of {total} answers are the same")
