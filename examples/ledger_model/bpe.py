"""Byte-level BPE: training, encoding, and the text forms that a GGUF file stores."""

from collections import Counter

import regex

# The split that llama.cpp calls "qwen2": letters with one leading mark, single digits, marks, white space.
SPLIT = regex.compile(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
SPECIAL_SPLIT = regex.compile("(" + "|".join(regex.escape(s) for s in SPECIAL) + ")")


def byte_letters():
    """GPT-2's printable letter for every byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in letters:
            letters[byte] = chr(256 + len(letters) - len(printable))
    return [letters[byte] for byte in range(256)]


def merge(word, pair, new):
    out, place = [], 0
    while place < len(word):
        if place + 1 < len(word) and (word[place], word[place + 1]) == pair:
            out.append(new)
            place += 2
        else:
            out.append(word[place])
            place += 1
    return tuple(out)


class Tokenizer:
    """Ids: 256 bytes, then the merges in order, then the special tokens."""

    def __init__(self, merges):
        self.merges = [tuple(pair) for pair in merges]
        self.rank = {pair: 256 + place for place, pair in enumerate(self.merges)}
        self.special = {text: 256 + len(self.merges) + place for place, text in enumerate(SPECIAL)}
        self.size = 256 + len(self.merges) + len(SPECIAL)
        self.known = {}

    @classmethod
    def train(cls, texts, merge_count):
        counts = Counter()
        for text in texts:
            for part in SPECIAL_SPLIT.split(text):
                if part not in SPECIAL:
                    counts.update(SPLIT.findall(part))
        words = {word: tuple(word.encode()) for word in counts}
        merges = []
        while len(merges) < merge_count:
            pairs = Counter()
            for text, word in words.items():
                for pair in zip(word, word[1:]):
                    pairs[pair] += counts[text]
            if not pairs:
                break
            best = max(pairs, key=lambda pair: (pairs[pair], pair))
            new = 256 + len(merges)
            merges.append(best)
            words = {text: merge(word, best, new) for text, word in words.items()}
        return cls(merges)

    def encode_word(self, text):
        if text not in self.known:
            word = tuple(text.encode())
            while len(word) > 1:
                pair = min(zip(word, word[1:]), key=lambda pair: self.rank.get(pair, 1 << 30))
                if pair not in self.rank:
                    break
                word = merge(word, pair, self.rank[pair])
            self.known[text] = word
        return self.known[text]

    def encode(self, text, loss=()):
        """Token ids, and for each token whether it lies inside the stretches to learn."""
        learn = bytearray(len(text))
        for start, end in loss:
            learn[start:end] = b"\1" * (end - start)
        ids, flags, place = [], [], 0
        for part in SPECIAL_SPLIT.split(text):
            words = [part] if part in self.special else SPLIT.findall(part)
            for word in words:
                new = (self.special[word],) if word in self.special else self.encode_word(word)
                end = place + len(word)
                flags += [learn[place] & learn[end - 1]] * len(new)
                ids += new
                place = end
        return ids, flags

    def decode(self, ids):
        table = self.bytes_of_ids()
        return b"".join(table[i] for i in ids).decode(errors="replace")

    def bytes_of_ids(self):
        table = [bytes([byte]) for byte in range(256)]
        for left, right in self.merges:
            table.append(table[left] + table[right])
        return table + [text.encode() for text in SPECIAL]

    def gguf_tokens(self):
        letters = byte_letters()
        table = self.bytes_of_ids()
        return ["".join(letters[b] for b in t) for t in table[: 256 + len(self.merges)]] + SPECIAL

    def gguf_merges(self):
        tokens = self.gguf_tokens()
        return [f"{tokens[left]} {tokens[right]}" for left, right in self.merges]
