"""What every Python contestant has in common.

    python3 SCRIPT DIR

DIR holds task.json (package, arguments, effort) and the inputs as raw float64, 0.bin, 1.bin ... The
result goes to DIR/result.bin, the samples, seconds per run, to standard output as one line of JSON.
The protocol is that of bench/runner/harness.ts: warm up while runs get faster, then samples of at
least 50 ms each.
"""

import json
import sys
import time
from array import array

LOOK_SECONDS = 0.02
SAMPLE_SECONDS = 0.05


class Task:
    def __init__(self, directory):
        self.directory = directory
        with open(f"{directory}/task.json") as file:
            content = json.load(file)
        self.package = content["package"]
        self.arguments = content["arguments"]
        self.effort = content["effort"]

    def input(self, index, *shape):
        """Input number `index` in the package's own array type."""
        with open(f"{self.directory}/{index}.bin", "rb") as file:
            content = bytearray(file.read())
        if self.package == "numpy":
            import numpy

            return numpy.frombuffer(content, dtype=numpy.float64).reshape(shape)
        import torch

        return torch.frombuffer(content, dtype=torch.float64).reshape(shape)

    def write(self, parts):
        """Writes arrays of any shape one behind the other."""
        with open(f"{self.directory}/result.bin", "wb") as file:
            for part in parts:
                array("d", part.reshape(-1).tolist()).tofile(file)


def period(run, seconds):
    """Seconds per run over as many runs as fill `seconds`."""
    begin = time.perf_counter()
    runs = 0
    while True:
        run()
        runs += 1
        spent = time.perf_counter() - begin
        if spent >= seconds:
            return spent / runs


def warm_up(run, seconds):
    begin = time.perf_counter()
    best, stale = float("inf"), 0
    while True:
        spent = time.perf_counter() - begin
        if not (spent < seconds or (stale < 3 and spent < 6 * seconds)):
            return
        now = period(run, LOOK_SECONDS)
        stale = 0 if now < 0.98 * best else stale + 1
        best = min(best, now)


def take_samples(run, effort):
    warm_up(run, effort["warmUp"])
    samples = [period(run, SAMPLE_SECONDS) for _ in range(effort["samples"])]
    begin = time.perf_counter()
    while time.perf_counter() - begin < effort["seconds"]:
        samples.append(period(run, SAMPLE_SECONDS))
    return samples


def main(program_of):
    """`program_of(task)` returns (run, result): what is timed, and what gives the arrays to verify."""
    task = Task(sys.argv[1])
    if task.package == "torch":
        import torch

        torch.set_num_threads(1)
    run, result = program_of(task)
    task.write(result())
    print(json.dumps(take_samples(run, task.effort)))
