"""ΔW of one site as its factors: p = W·(a' − a), v = a/‖a‖²."""

from protocol import main


def program_of(task):
    width, hidden = task.arguments["width"], task.arguments["hidden"]
    W, base, contextual = task.input(0, hidden, width), task.input(1, width), task.input(2, width)

    def run():
        return W @ (contextual - base), base / (base @ base)

    return run, run


main(program_of)
