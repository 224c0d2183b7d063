"""Derives the polynomial coefficients of src/linalg/special/exp.ts and log.ts.

Needed only to re-derive or check those numbers: never at build, never at run time. It needs
Python 3 with mpmath and takes a second or two:

    python3 scripts/derive-special-coefficients.py

Each polynomial is the best one in the weighted maximum norm (Remez's exchange algorithm), found
with 200 bits, then rounded coefficient by coefficient to doubles. The errors printed are those of
the rounded polynomials, evaluated exactly: they hold everything but the rounding of run time.
"""

from mpmath import mp, mpf, atanh, cos, exp, floor, log, lu_solve, matrix, pi, sqrt

mp.prec = 200
GRID = 1501  # points on an error curve, whose maxima are flat; odd, so that none of them is 0


def horner(coefficients, x):
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def remez(f, weight, degree, low, high):
    """The polynomial p of `degree` that minimises max |weight(x) (f(x) - p(x))| on [low, high]."""
    count = degree + 2
    middle, half = (low + high) / 2, (high - low) / 2
    # Chebyshev's extrema, shifted by part of a step: no node may sit where the weight is zero.
    nodes = [middle - half * cos(pi * (i + mpf(1) / 3) / count) for i in range(count)]
    grid = [middle - half * cos(pi * i / GRID) for i in range(GRID + 1)]
    values = [(x, f(x), weight(x)) for x in grid]
    for _ in range(40):
        system, right = matrix(count, count), matrix(count, 1)
        for i, x in enumerate(nodes):
            for j in range(degree + 1):
                system[i, j] = x**j
            system[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = f(x)
        solution = lu_solve(system, right)
        p = [solution[j] for j in range(degree + 1)]
        # One new node per stretch of equal sign: where the weighted error is largest.
        stretches, sign = [], 0
        for x, fx, wx in values:
            error = wx * (fx - horner(p, x))
            if sign == 0 or (error > 0) != (sign > 0):
                sign = 1 if error > 0 else -1
                stretches.append((mpf(0), x))
            if abs(error) > stretches[-1][0]:
                stretches[-1] = (abs(error), x)
        while len(stretches) > count:  # more stretches than needed: drop the weaker end
            stretches.pop(0 if stretches[0][0] < stretches[-1][0] else -1)
        if len(stretches) < count:
            raise ArithmeticError(f'remez: {count} alternations needed, found {len(stretches)}')
        nodes = [x for _, x in stretches]
        sizes = [size for size, _ in stretches]
        if max(sizes) < min(sizes) * (1 + mpf(10) ** -4):
            return p
    raise ArithmeticError('remez: no convergence in 40 exchanges')


def report(title, names, coefficients, error, low, high):
    worst = max(abs(error(low + (high - low) * i / 4000)) for i in range(1, 4001))
    print(f'// {title}: max error {mp.nstr(worst, 3)} = 2^{mp.nstr(log(worst, 2), 4)}')
    for name, c in zip(names, coefficients):
        print(f'const {name} = {float(c)!r};')
    print()


# ln 2 = LN2_HIGH + LN2_LOW; the high part has 42 significant bits, so that k * LN2_HIGH is exact
# for |k| < 2^11, which covers every exponent of a double.
LN2 = log(mpf(2))
LN2_HIGH = floor(LN2 * 2**42) / 2**42
print('// ln 2 in two parts, log2(e)')
print(f'const LN2_HIGH = {float(LN2_HIGH)!r};\nconst LN2_LOW = {float(LN2 - LN2_HIGH)!r};')
print(f'const LOG2_E = {float(1 / LN2)!r};\n')

# exp(r) = 1 + r + r^2 q(r) with q(0) = 1/2 kept exact: p(r) = (q(r) - 1/2) / r. The interval is
# half of ln 2 and a little more, because x * LOG2_E is rounded before it is rounded to an integer.
A = LN2 / 2 + mpf(2) ** -20
p = remez(
    lambda r: (exp(r) - 1 - r - r * r / 2) / r**3, lambda r: abs(r) ** 3 / exp(r), 9, -A, A
)
q = [mpf(1) / 2] + [mpf(float(c)) for c in p]
report(
    f'exp on |r| <= {mp.nstr(A, 8)}, relative error of 1 + r + r^2 q(r)',
    [f'Q{i}' for i in range(len(q))],
    q,
    lambda r: (1 + r + r * r * horner(q, r)) / exp(r) - 1,
    -A,
    A,
)

# 2 atanh(s) = 2 s + s z P(z) with z = s^2, s = f / (2 + f), 1 + f = m in [M, 2 M). M is the double
# whose upper word is that of sqrt(1/2) and whose lower word is 0.
M = floor(sqrt(mpf(1) / 2) * 2**21) / 2**21
S = max((1 - M) / (1 + M), (2 * M - 1) / (2 * M + 1)) + mpf(2) ** -40
P = remez(lambda z: 2 * (atanh(sqrt(z)) / sqrt(z) - 1) / z, lambda z: z, 7, mpf(2) ** -40, S * S)
P = [mpf(float(c)) for c in P]
report(
    f'log on z <= {mp.nstr(S * S, 8)}, relative error of 2 s + s z P(z)',
    [f'P{i}' for i in range(len(P))],
    P,
    lambda s: (2 * s + s**3 * horner(P, s * s)) / (2 * atanh(s)) - 1,
    mpf(0),
    S,
)
