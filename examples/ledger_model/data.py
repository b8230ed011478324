"""Corpus file to token arrays, and token arrays to batches of similar length."""

import json

import numpy as np
import torch
from bpe import Tokenizer

WINDOW = 1024  # documents sorted by length together; small enough to keep the order random
MERGES = 800  # at most; fewer are found, since every word of the corpus soon is one token
COMPUTED = 2  # flag of a token that is learnt and had to be computed; 1: learnt
VALIDATION = 120  # the last documents of the file are never trained on


def read_corpus(path, tokenizer=None):
    """The tokenizer (trained here unless given), the documents to train on, and those to validate with."""
    with open(path) as lines:
        documents = [json.loads(line) for line in lines]
    tokenizer = tokenizer or Tokenizer.train([document["text"] for document in documents[:3000]], MERGES)
    encoded = []
    for document in documents:
        ids, learn = tokenizer.encode(document["text"], document["loss"])
        _, computed = tokenizer.encode(document["text"], document["computed"])
        encoded.append((np.array(ids, np.int16), np.array(learn, np.int8) + np.array(computed, np.int8)))
    return tokenizer, encoded[:-VALIDATION], encoded[-VALIDATION:]


def collate(documents):
    """Inputs, next tokens, the flattened positions whose next token is learnt, and which of these are computed."""
    longest = max(len(ids) for ids, _ in documents) - 1
    inputs = torch.zeros(len(documents), longest, dtype=torch.long)
    targets = torch.zeros_like(inputs)
    learn = torch.zeros(inputs.shape, dtype=torch.int8)
    for row, (ids, flags) in enumerate(documents):
        line = torch.from_numpy(ids.astype(np.int64))
        inputs[row, : len(ids) - 1] = line[:-1]
        targets[row, : len(ids) - 1] = line[1:]
        learn[row, : len(ids) - 1] = torch.from_numpy(flags[1:])
    where = learn.view(-1).nonzero().squeeze(1)
    return inputs, targets.view(-1)[where], where, learn.view(-1)[where] == COMPUTED


def batches(documents, tokens, seed):
    """Endless lists of documents that fill about `tokens` tokens once padded to the longest."""
    order = np.random.default_rng(seed)
    while True:
        shuffled = order.permutation(len(documents))
        for start in range(0, len(shuffled), WINDOW):
            window = sorted(shuffled[start : start + WINDOW], key=lambda place: len(documents[place][0]))
            groups, group = [], []
            for place in window:
                if group and (len(group) + 1) * len(documents[place][0]) > tokens:
                    groups.append(group)
                    group = []
                group.append(place)
            groups.append(group)
            for index in order.permutation(len(groups)):
                yield [documents[place] for place in groups[index]]
