"""Derives the polynomial coefficients and constants of src/linalg/special/.

Needed only to re-derive or check those numbers: never at build, never at run time. It needs
Python 3 with mpmath and takes ten seconds or so:

    python3 scripts/derive-special-coefficients.py

Each polynomial is the best one in the weighted maximum norm (Remez's exchange algorithm), found
with 200 bits, then rounded coefficient by coefficient to doubles. The errors printed are those of
the rounded polynomials, evaluated exactly: they hold everything but the rounding of run time.
"""

from mpmath import (
    atanh, cos, erf, erfc, exp, expm1, floor, log, lu_solve, matrix, mp, mpf, pi, sin, sqrt
)

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
    worst = max(abs(error(low + (high - low) * i / 4001)) for i in range(1, 4001))
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

# expm1, tanh, sigmoid, erfc …: exp(r) - 1 = r + r^2/2 + r^3 c(r) for a pair of doubles, so the
# error counts relative to exp(r) - 1.
p = remez(
    lambda r: (exp(r) - 1 - r - r * r / 2) / r**3, lambda r: abs(r**3 / expm1(r)), 9, -A, A
)
c = [mpf(float(x)) for x in p]
report(
    f'exp parts on |r| <= {mp.nstr(A, 8)}, relative error of r + r^2/2 + r^3 c(r)',
    [f'C{i}' for i in range(len(c))],
    c,
    lambda r: (r + r * r / 2 + r**3 * horner(c, r)) / expm1(r) - 1,
    -A,
    A,
)

# sin r = r + r^3 S(z), cos r = 1 - z/2 + z^2 C(z), z = r^2, |r| <= pi/4 and a little more, because
# x * 2/pi is rounded before it is rounded to an integer.
B = pi / 4 + mpf(2) ** -20
S_ = remez(lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z, lambda z: z, 5, mpf(2) ** -40, B * B)
S_ = [mpf(float(x)) for x in S_]
report(
    f'sin on |r| <= {mp.nstr(B, 8)}, relative error of r + r^3 S(r^2)',
    [f'S{i}' for i in range(len(S_))],
    S_,
    lambda r: (r + r**3 * horner(S_, r * r)) / sin(r) - 1,
    mpf(0),
    B,
)
C_ = remez(
    lambda z: (cos(sqrt(z)) - 1 + z / 2) / (z * z),
    lambda z: z * z / cos(sqrt(z)),
    5,
    mpf(2) ** -20,
    B * B,
)
C_ = [mpf(float(x)) for x in C_]
report(
    f'cos on |r| <= {mp.nstr(B, 8)}, relative error of 1 - r^2/2 + r^4 C(r^2)',
    [f'C{i}' for i in range(len(C_))],
    C_,
    lambda r: (1 - r * r / 2 + r**4 * horner(C_, r * r)) / cos(r) - 1,
    mpf(0),
    B,
)

# pi/2 in four parts; k times one of the first three is exact for |k| <= 2^20.
print('// pi/2 in parts of 33 bits and a rest')
rest = pi / 2
for i, bits in enumerate((32, 65, 98)):
    part = floor(rest * 2**bits) / mpf(2) ** bits
    print(f'const HALF_PI_{i + 1} = {float(part)!r};')
    rest -= part
print(f'const HALF_PI_4 = {float(rest)!r};')
with mp.workprec(1600):
    digits = int(floor(2 / pi * mpf(16) ** 312))
print('// 2/pi: 312 hexadecimal digits after the point')
text = f'{digits:0312x}'
print('\n'.join(text[i : i + 78] for i in range(0, 312, 78)) + '\n')

# erf x = x + x E(x^2) on |x| <= 1.
E_ = remez(
    lambda z: erf(sqrt(z)) / sqrt(z) - 1,
    lambda z: sqrt(z) / erf(sqrt(z)),
    12,
    mpf(2) ** -40,
    mpf(1),
)
E_ = [mpf(float(x)) for x in E_]
report(
    'erf on |x| <= 1, relative error of x + x E(x^2)',
    [f'E{i}' for i in range(len(E_))],
    E_,
    lambda x: (x + x * horner(E_, x * x)) / erf(x) - 1,
    mpf(0),
    mpf(1),
)

# exp(z^2) erfc(z) for 0 <= z < 31 in twenty pieces, four between each power of two and the next of
# z + 1: polynomials in t = (z - c)/(z + 3). Each row: c, then the coefficients in ascending order.
def erfcx(z):
    return exp(z * z) * erfc(z)


print('// exp(z^2) erfc(z), row by row: c and 10 coefficients')
edges = [mpf(2) ** (i // 4) * (1 + mpf(i % 4) / 4) - 1 for i in range(21)]
slack = mpf(2) ** -40  # z + 1 is rounded before it chooses the piece
for z0, z1 in zip(edges, edges[1:]):
    z0, z1 = max(mpf(0), z0 - slack), z1 + slack
    near = floor((2 / (1 / (z0 + 3) + 1 / (z1 + 3)) - 3) * 2**12)
    # Of 400 candidates the one whose value is closest to a double: no coefficient matters as much.
    candidates = [(near + i) / mpf(2) ** 12 for i in range(-200, 200)]
    c = min(candidates, key=lambda c: abs(float(erfcx(c)) / erfcx(c) - 1))
    t0, t1 = (z0 - c) / (z0 + 3), (z1 - c) / (z1 + 3)

    def of(t):
        return erfcx((c + 3 * t) / (1 - t))

    row = remez(of, lambda t: 1 / of(t), 9, t0, t1)
    row[0] = erfcx(c)
    row = [mpf(float(x)) for x in row]
    error = max(
        abs(horner(row, t) / of(t) - 1) for t in (t0 + (t1 - t0) * i / 2000 for i in range(2001))
    )
    print(f'// from {mp.nstr(z0, 4)}: {mp.nstr(error, 2)}')
    print(', '.join(repr(float(x)) for x in [c] + row) + ',')
