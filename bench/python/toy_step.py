"""A training step of the toy transformer in PyTorch; the formulas stand in works/toy-step/task.ts.

'query row' computes what deltaw computes, 'all rows' is the program that everybody writes. The first
step is on the prompts given, for the comparison; the timed ones draw their own, as deltaw does."""

import math

import torch
import torch.nn.functional as F
from protocol import main


def shapes_of(token_width, width, hidden):
    inward = (width, token_width)
    return [inward, inward, inward, (width, width), (hidden, width), (hidden,), (token_width, hidden), (token_width,)]


def program_of(task):
    s = task.arguments
    batch, pairs, d, heads = s["batch"], s["pairs"], s["dimension"], s["heads"]
    shapes = shapes_of(d + 1, s["width"], s["hidden"])
    parameters = [task.input(2 + i, *shape).requires_grad_() for i, shape in enumerate(shapes)]
    optimiser = torch.optim.Adam(parameters, lr=s["learningRate"])

    def prompts():
        w = torch.randn(batch, d, 1, dtype=torch.float64)
        x = torch.randn(batch, pairs + 1, d, dtype=torch.float64)
        y = x @ w
        targets = y[:, -1, 0].clone()
        y[:, -1] = 0
        return torch.cat((x, y), -1), targets

    def split(x):
        return x.view(batch, -1, heads, s["width"] // heads).transpose(1, 2)

    def predict(x):
        Wq, Wk, Wv, Wo, W1, b1, W2, b2 = parameters
        asking = x[:, -1:] if s["rows"] == "query row" else x
        q, k, v = split(F.linear(asking, Wq)), split(F.linear(x, Wk)), split(F.linear(x, Wv))
        weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
        a = F.linear((weights @ v).transpose(1, 2).reshape(batch, -1, s["width"]), Wo)
        return F.linear(F.relu(F.linear(a, W1, b1)), W2, b2)[:, -1, -1]

    def step(x, y):
        loss = F.mse_loss(predict(x), y)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return loss.item()

    def result():
        loss = step(task.input(0, batch, pairs + 1, d + 1), task.input(1, batch))
        gradients = [parameter.grad for parameter in parameters]
        after = [parameter.detach() for parameter in parameters]
        return [torch.tensor([loss], dtype=torch.float64), *gradients, *after]

    return lambda: step(*prompts()), result


main(program_of)
