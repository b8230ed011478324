"""A Llama-shaped decoder, written for speed on a CPU with bfloat16 matrix units."""

from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F

QUERY_BLOCK = 256  # attention is computed block by block, so that the masked half costs little


@dataclass
class Shape:
    vocabulary: int
    width: int = 160
    layers: int = 5
    heads: int = 5
    hidden: int = 448
    context: int = 2048
    rope_base: float = 10000.0
    epsilon: float = 1e-5


class ScaleToUnit(torch.autograd.Function):
    """`x` over its root mean square, times a weight. By hand, because autograd takes twice as many passes."""

    @staticmethod
    def forward(ctx, x, weight, epsilon, kind):
        scale = torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon)
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight)
        return (unit * weight).to(kind)

    @staticmethod
    def backward(ctx, grad):
        unit, scale, weight = ctx.saved_tensors
        grad = grad.float()
        slope = grad * unit
        mean = (slope @ weight)[..., None] / unit.shape[-1]
        return (grad * weight).sub_(unit * mean).mul_(scale), slope.flatten(0, -2).sum(0), None, None


class GatedUnit(torch.autograd.Function):
    """silu(gate) * up, from one tensor that holds both side by side."""

    @staticmethod
    def forward(ctx, both):
        gate, up = both.chunk(2, -1)
        opened = torch.sigmoid(gate)
        ctx.save_for_backward(both, opened)
        return (gate * opened).mul_(up)

    @staticmethod
    def backward(ctx, grad):
        both, opened = ctx.saved_tensors
        gate, up = both.chunk(2, -1)
        silu = gate * opened
        result = torch.empty_like(both)
        to_gate, to_up = result.chunk(2, -1)
        torch.mul(grad, silu, out=to_up)
        torch.mul(silu.sub_(silu * opened).add_(opened).mul_(up), grad, out=to_gate)
        return result


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x, kind=torch.float32):
        return ScaleToUnit.apply(x, self.weight, self.epsilon, kind)


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width, hidden = shape.width, shape.hidden
        self.heads = shape.heads
        self.norm1 = Norm(width, shape.epsilon)
        self.norm2 = Norm(width, shape.epsilon)
        self.q = nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, width, bias=False)
        self.o = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x, cos, sin, mask):
        h = self.norm1(x, self.q.weight.dtype)
        qkv = F.linear(h, torch.cat((self.q.weight, self.k.weight, self.v.weight)))
        x = x + self.o(self.attend(*qkv.chunk(3, -1), cos, sin, mask)).float()
        h = self.norm2(x, self.up.weight.dtype)
        both = F.linear(h, torch.cat((self.gate.weight, self.up.weight)))
        return x + self.down(GatedUnit.apply(both)).float()

    def attend(self, q, k, v, cos, sin, mask):
        batch, length, width = q.shape
        split = (batch, length, self.heads, width // self.heads)
        q, k, v = (t.view(split).transpose(1, 2) for t in (q, k, v))
        q = rotate(q, cos, sin) * split[3] ** -0.5
        k = rotate(k, cos, sin).transpose(2, 3)
        blocks = []
        for start in range(0, length, QUERY_BLOCK):
            end = min(start + QUERY_BLOCK, length)
            scores = q[:, :, start:end] @ k[..., :end]
            scores[..., start:] += mask[: end - start, : end - start]
            blocks.append(scores.softmax(-1) @ v[:, :, :end])
        return torch.cat(blocks, 2).transpose(1, 2).reshape(batch, length, width)


def rotate(x, cos, sin):
    """Rotary positions, first half of a head paired with its second half."""
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


class Model(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.epsilon)
        nn.init.normal_(self.embed.weight, std=0.02)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2 and "embed" not in name:
                depth = (2 * shape.layers) ** -0.5 if name.endswith(("o.weight", "down.weight")) else 1.0
                nn.init.normal_(parameter, std=0.6 * depth * parameter.shape[1] ** -0.5)

        half = shape.width // shape.heads // 2
        speed = shape.rope_base ** (-torch.arange(half).float() / half)
        angle = torch.arange(shape.context).float()[:, None] * speed
        self.cos = torch.cat((angle.cos(), angle.cos()), 1)
        self.sin = torch.cat((angle.sin(), angle.sin()), 1)
        self.mask = torch.full((QUERY_BLOCK, QUERY_BLOCK), -1e4).triu(1)

    def forward(self, ids, where=None):
        """Logits at the flattened positions `where`, or at all positions."""
        kind = self.layers[0].q.weight.dtype
        length = ids.shape[1]
        cos, sin, mask = (t.to(kind) for t in (self.cos[:length], self.sin[:length], self.mask))
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
        x = x.reshape(-1, x.shape[-1])
        if where is not None:
            x = x[where]
        return self.norm(x) @ self.embed.weight.t()
