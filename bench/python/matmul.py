"""c = a·b, a m×k, b k×n."""

from protocol import main


def program_of(task):
    m, k, n = (task.arguments[size] for size in "mkn")
    a, b = task.input(0, m, k), task.input(1, k, n)

    def run():
        return a @ b

    return run, lambda: [run()]


main(program_of)
