"""Functions of many numbers, by entry or by row. Where the library can write into an array that is
there already, it does: new memory costs more than some of these functions."""

from protocol import main


def of_numpy(name, x, gain, shift, epsilon):
    import numpy as np

    y = np.empty_like(x)

    def softmax():
        np.subtract(x, x.max(axis=-1, keepdims=True), out=y)
        np.exp(y, out=y)
        return np.divide(y, y.sum(axis=-1, keepdims=True), out=y)

    def layer_norm():
        np.subtract(x, x.mean(axis=-1, keepdims=True), out=y)
        variance = np.einsum("ij,ij->i", y, y)[:, None] / y.shape[-1]
        np.divide(y, np.sqrt(variance + epsilon), out=y)
        np.multiply(y, gain, out=y)
        return np.add(y, shift, out=y)

    return {
        "exp": lambda: np.exp(x, out=y),
        "tanh": lambda: np.tanh(x, out=y),
        "softmax": softmax,
        "layer norm": layer_norm,
    }[name]


def of_torch(name, x, gain, shift, epsilon):
    import torch
    import torch.nn.functional as F

    y = torch.empty_like(x)
    return {
        "exp": lambda: torch.exp(x, out=y),
        "tanh": lambda: torch.tanh(x, out=y),
        "GELU": lambda: torch._C._nn.gelu(x, out=y),
        "softmax": lambda: torch.softmax(x, -1, out=y),
        "layer norm": lambda: F.layer_norm(x, (x.shape[-1],), gain, shift, epsilon),
    }[name]


def program_of(task):
    rows, columns = task.arguments["rows"], task.arguments["columns"]
    x, gain, shift = task.input(0, rows, columns), task.input(1, columns), task.input(2, columns)
    library = of_numpy if task.package == "numpy" else of_torch
    run = library(task.arguments["name"], x, gain, shift, task.arguments["epsilon"])
    return run, lambda: [run()]


main(program_of)
