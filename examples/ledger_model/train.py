"""Trains the ledger model on a CPU and writes it as a GGUF file.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive python3 train.py corpus.jsonl ledger.gguf --tokens 26
"""

import argparse
import math
import time

import torch
import torch.multiprocessing as processes
import torch.nn.functional as F
from bpe import Tokenizer
from data import batches, collate, read_corpus
from gguf import write_gguf
from model import Model, Shape

SEED = 1
BATCHES_PER_STEP = 2
WARMUP = 0.02  # part of the tokens
MUON_RATE, ADAM_RATE = 0.02, 0.004


def schedule(done):
    """Learning rate factor: up within the warm-up, then straight down to nothing. A constant rate stalls."""
    return min(done / WARMUP, (1 - done) / (1 - WARMUP))


def orthogonal(matrix):
    """Newton-Schulz steps towards the nearest orthogonal matrix (the heart of the Muon optimiser)."""
    x = matrix.bfloat16() / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.t() if tall else x
    for _ in range(5):
        square = x @ x.t()
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return (x.t() if tall else x).float()


class Optimiser:
    """Muon for the matrices of the layers, AdamW for the rest; each worker updates its share of the tensors."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.state = {name: [torch.zeros_like(value), torch.zeros_like(value)] for name, value in parameters.items()}
        self.count = 0

    def step(self, gradients, factor):
        self.count += 1
        for name, value in self.parameters.items():
            gradient, (first, second) = gradients[name], self.state[name]
            if value.dim() == 2 and "layers" in name:
                first.mul_(0.95).add_(gradient)
                update = orthogonal(gradient + 0.95 * first)
                value.sub_(update, alpha=factor * MUON_RATE * max(1, value.shape[0] / value.shape[1]) ** 0.5)
            else:
                first.lerp_(gradient, 0.1)
                second.lerp_(gradient.square(), 0.02)
                mean, square = first / (1 - 0.9**self.count), second / (1 - 0.98**self.count)
                value.sub_(mean / (square.sqrt() + 1e-8), alpha=factor * ADAM_RATE)


def views(flat, model):
    """Names to tensors that share the memory of one flat vector."""
    parts, place = {}, 0
    for name, parameter in model.named_parameters():
        parts[name] = flat[place : place + parameter.numel()].view(parameter.shape)
        place += parameter.numel()
    return parts


def working_copy(shape):
    """Layer matrices in bfloat16; embedding and norms stay exact because many small gradients add up there."""
    model = Model(shape)
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2 and "layers" in name:
            parameter.data = parameter.data.bfloat16()
    return model


@torch.no_grad()
def validate(model, documents, opener):
    """Chance to write the whole last message right at temperature 1, without and with attempts in the prompt."""
    chances = {False: [], True: []}
    for ids, flags in documents:
        openers = (ids == opener).nonzero()[0]
        if len(openers) == 0 or openers[-1] == 0:
            continue  # a copy drill
        inputs, targets, where, _ = collate([(ids, flags)])
        last = where >= openers[-1]
        loss = F.cross_entropy(model(inputs, where[last]), targets[last], reduction="sum")
        chances[len(openers) > 1].append(math.exp(-loss.item()))
    return [sum(values) / max(1, len(values)) for values in chances.values()]


def objective(logits, targets, computed, digits, doubt):
    """Cross entropy; a computed digit is to be written with a chance of 1 - doubt, the other nine share the rest."""
    chances = F.log_softmax(logits, dim=-1)
    loss = F.nll_loss(chances, targets, reduction="sum")
    if doubt > 0 and computed.any():
        right = chances[computed].gather(1, targets[computed, None]).sum()
        others = chances[computed][:, digits].sum() - right
        loss = loss + doubt * right - doubt / 9 * others
    return loss


def work(rank, options, shape, tokenizer, documents, held, shared, barrier, claimed):
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # vanishing probabilities are slow otherwise
    model = working_copy(shape)
    master, gradients, totals = shared
    weights, own = views(master, model), views(gradients[rank], model)
    mine = {name: value for place, (name, value) in enumerate(weights.items()) if place % options.workers == rank}
    optimiser = Optimiser(mine)
    digits = torch.tensor([tokenizer.encode(str(digit), [])[0][0] for digit in range(10)])
    supply = batches(documents, options.batch_tokens, SEED)
    begin = last_report = time.time()
    step, tokens, smooth = 0, 0, None
    target = options.tokens * 1e6
    while True:
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(weights[name])
        gradients[rank].zero_()
        step_batches = [next(supply) for _ in range(BATCHES_PER_STEP)]
        loss_sum = count = seen = 0
        while True:  # whoever is free takes the next batch
            with claimed.get_lock():
                index = claimed.value
                claimed.value += 1
            if index >= BATCHES_PER_STEP:
                break
            inputs, targets, where, computed = collate(step_batches[index])
            loss = objective(model(inputs, where), targets, computed, digits, options.doubt)
            loss.backward()
            with torch.no_grad():
                for name, parameter in model.named_parameters():
                    own[name] += parameter.grad
                    parameter.grad = None
            loss_sum, count, seen = loss_sum + loss.item(), count + len(where), seen + inputs.numel()
        totals[rank] = torch.tensor([loss_sum, count, seen])
        barrier.wait()

        loss_sum, count, seen = totals.sum(0).tolist()
        step, tokens = step + 1, tokens + seen
        done = tokens / target
        if rank == 0:
            claimed.value = 0
        summed = {name: sum(views(g, model)[name] for g in gradients) / count for name in mine}
        optimiser.step(summed, options.rate * schedule(min(done, 1)))
        barrier.wait()

        smooth = loss_sum / count if smooth is None else 0.98 * smooth + 0.02 * loss_sum / count
        if rank == 0 and (time.time() - last_report > 240 or done >= options.part):
            last_report = time.time()
            plain, conditioned = validate(model, held, tokenizer.special["<|assistant|>"])
            state = {name: value.clone() for name, value in weights.items()}
            torch.save({"state": state, "shape": shape, "merges": tokenizer.merges}, options.output + ".pt")
            print(
                f"{(last_report - begin) / 60:.1f} min, step {step}, {tokens / 1e6:.2f}M tokens, loss {smooth:.4f}, "
                f"right: plain {plain:.3f}, conditioned {conditioned:.3f}",
                flush=True,
            )
        if done >= options.part:
            break
    if rank == 0:
        write_gguf(options.output, state, shape, tokenizer, options.flatten)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("output")
    parser.add_argument("--tokens", type=float, default=26, help="millions until the learning rate is down")
    parser.add_argument("--part", type=float, default=1, help="part of them after which to stop, for another run")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, default=1536)
    parser.add_argument("--rate", type=float, default=1, help="factor of both learning rates")
    parser.add_argument("--flatten", type=float, default=1, help="logits of the GGUF file are divided by this")
    parser.add_argument("--doubt", type=float, default=0, help="chance left to the wrong digits of a computed one")
    parser.add_argument("--resume", help="a .pt file to go on from")
    options = parser.parse_args()

    torch.manual_seed(SEED)
    saved = torch.load(options.resume) if options.resume else None
    tokenizer, documents, held = read_corpus(options.corpus, saved and Tokenizer(saved["merges"]))
    shape = Shape(vocabulary=tokenizer.size)
    model = Model(shape)
    if saved:
        model.load_state_dict(saved["state"])
    size = sum(parameter.numel() for parameter in model.parameters())
    print(f"{size} parameters, {tokenizer.size} tokens in the vocabulary, {len(documents)} documents", flush=True)
    master, gradients = torch.zeros(size).share_memory_(), torch.zeros(options.workers, size).share_memory_()
    totals = torch.zeros(options.workers, 3).share_memory_()
    for name, view in views(master, model).items():
        view.copy_(model.get_parameter(name).data)

    context = processes.get_context("fork")
    barrier, claimed = context.Barrier(options.workers), context.Value("i", 0)
    arguments = (options, shape, tokenizer, documents, held, (master, gradients, totals), barrier, claimed)
    team = [context.Process(target=work, args=(rank, *arguments)) for rank in range(options.workers)]
    for member in team:
        member.start()
    for member in team:
        member.join()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
