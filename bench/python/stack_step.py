"""A training step of a Pre-LN stack in PyTorch; the formulas stand in works/stack-step/task.ts.

'all rows' is the program that everybody writes; 'last row' evaluates of the last layer only the token
whose output is read."""

import math

import torch
import torch.nn.functional as F
from protocol import main

NAMES = "norm1.g norm1.b Wq Wk Wv Wo norm2.g norm2.b W1 b1 W2 b2".split()


class Layer(torch.nn.Module):
    def __init__(self, values, heads, epsilon, last_row):
        super().__init__()
        self.parts = torch.nn.ParameterList(values)
        self.heads, self.epsilon, self.last_row = heads, epsilon, last_row

    def forward(self, x, mask):
        g1, b1, Wq, Wk, Wv, Wo, g2, b2, W1, c1, W2, c2 = self.parts
        width = x.shape[-1]
        normed = F.layer_norm(x, (width,), g1, b1, self.epsilon)
        asking, rows = (normed[:, -1:], x[:, -1:]) if self.last_row else (normed, x)
        q, k, v = (self.split(F.linear(*pair)) for pair in ((asking, Wq), (normed, Wk), (normed, Wv)))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if not self.last_row:
            scores = scores.masked_fill(mask, -math.inf)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(rows.shape)
        r = rows + F.linear(mixed, Wo)
        h = F.gelu(F.linear(F.layer_norm(r, (width,), g2, b2, self.epsilon), W1, c1))
        return r + F.linear(h, W2, c2)

    def split(self, x):
        batch, tokens, width = x.shape
        return x.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)


def shapes_of(width, hidden):
    square, row = (width, width), (width,)
    return [row, row, square, square, square, square, row, row] + [
        (hidden, width), (hidden,), (width, hidden), row,
    ]


def program_of(task):
    sizes = task.arguments
    batch, tokens, width = sizes["batch"], sizes["tokens"], sizes["width"]
    x, y = task.input(0, batch, tokens, width), task.input(1, batch)
    shapes = shapes_of(width, sizes["hidden"])
    layers = []
    for i in range(sizes["layers"]):
        values = [task.input(2 + i * len(NAMES) + j, *shape) for j, shape in enumerate(shapes)]
        last_row = sizes["program"] == "last row" and i == sizes["layers"] - 1
        layers.append(Layer(values, sizes["heads"], sizes["epsilon"], last_row))
    model = torch.nn.ModuleList(layers)
    optimiser = torch.optim.Adam(model.parameters(), lr=sizes["learningRate"])
    mask = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)

    def run():
        output = x
        for layer in model:
            output = layer(output, mask)
        loss = F.mse_loss(output[:, -1, -1], y)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return loss.item()

    def result():
        loss = run()
        return [torch.tensor([loss], dtype=torch.float64)] + [parameter.grad for parameter in model.parameters()]

    return run, result


main(program_of)
