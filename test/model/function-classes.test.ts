/**
 * Function classes and input shifts: values by hand, what is drawn in which order, and the
 * distribution that the doc comments state.
 *
 * @module
 */
import { expect, test } from 'vitest';
import {
  DomainError,
  dot,
  type Matrix,
  matrix,
  matrixFromRows,
  maxAbs,
  multiplyTN,
  NonFiniteError,
  norm,
  pivotedQR,
  Random,
  rowOf,
  ShapeError,
  subtract,
  symmetricEigen,
} from '../../src/linalg/index.ts';
import {
  classificationClass,
  covarianceTransform,
  decisionTree,
  decisionTreeClass,
  FUNCTION_CLASSES,
  type FunctionClass,
  functionPrompts,
  halfSpace,
  halfSubspaceInputs,
  INPUT_SHIFTS,
  linearClass,
  linearFunction,
  noisyClass,
  noisyLabels,
  orthogonalPart,
  orthogonalQuery,
  quadrantInputs,
  quadraticClass,
  quadraticFunction,
  randomOrthogonal,
  reluNetwork,
  reluNetworkClass,
  renormalisedLabels,
  repeatedQuery,
  SHIFT_FACTORS,
  scaledClass,
  scaledInputs,
  skewedInputs,
  sparseClass,
  standardInputs,
  transformedInputs,
} from '../../src/model/function-classes/index.ts';
import { linearPrompt } from '../../src/model/linear-task.ts';
import { assertSameBits } from '../support/same-bits.ts';

const of = (...x: number[]): Float64Array => Float64Array.from(x);

/** max |UᵀU − I| */
const orthogonality = (U: Matrix): number =>
  maxAbs(multiplyTN(U, U).data.map((x, at) => x - (at % (U.cols + 1) === 0 ? 1 : 0)));

test('linear functions, their squares and their signs, worked by hand', () => {
  expect(linearFunction(of(2, -3))(of(5, 1))).toBe(7);
  expect(quadraticFunction(of(2, -3))(of(5, -4))).toBe((25 * 2 - 16 * 3) / Math.sqrt(3));
  const sign = halfSpace(of(1, -2));
  expect([sign(of(3, 1)), sign(of(3, 2)), sign(of(2, 1))]).toEqual([1, -1, 0]);
});

test('a ReLU network, worked by hand: only what is above 0 passes, times √(2/H)', () => {
  const f = reluNetwork(
    matrixFromRows([
      [1, -1],
      [2, 0],
    ]),
    of(3, -1),
  );
  expect(f(of(1, 2))).toBe(-2); // hidden (−1, 2) → (0, 2)
  expect(f(of(2, 1))).toBe(-1); // hidden (1, 4)
  const eight = reluNetwork(matrix(8, 1, new Float64Array(8).fill(1)), new Float64Array(8).fill(1));
  expect([eight(of(3)), eight(of(-3))]).toEqual([12, 0]); // 8·3·√(2/8)
  expect(f(of(Number.NaN, 1))).toBeNaN();
});

test('a tree goes right where the coordinate is above 0, and left at 0', () => {
  // Node 0 asks x₁; node 1 (no) asks x₀; node 2 (yes) asks x₂; leaves from left to right.
  const tree = { dimension: 3, coordinates: [1, 0, 2], leaves: of(10, 20, 30, 40) };
  const f = decisionTree(tree);
  expect(f(of(-1, -1, 9))).toBe(10);
  expect(f(of(1, -1, -9))).toBe(20);
  expect(f(of(9, 1, -1))).toBe(30);
  expect(f(of(-9, 1, 1))).toBe(40);
  expect(f(of(0, 0, 1))).toBe(10);
  expect(f(of(5e-324, -0, 1))).toBe(20);
  expect(decisionTree({ dimension: 1, coordinates: [], leaves: of(7) })(of(1))).toBe(7);
});

test('renormalised labels have the deviation √d over all prompts together, worked by hand', () => {
  expect(renormalisedLabels([of(1, 2, 3)], 4)).toEqual([of(2, 4, 6)]); // s = 1
  // Mean 1, Σ(y − 1)² = 4·9, n − 1 = 4: s = 3, and d = 9 changes nothing.
  expect(renormalisedLabels([of(4), of(-2, 4, -2, 1)], 9)).toEqual([of(4), of(-2, 4, -2, 1)]);
  expect(noisyLabels(of(1, 2), of(3, -1), 0.5)).toEqual(of(2.5, 1.5));
});

test('renormalised labels of a drawn batch have unbiased deviation √d to rounding', () => {
  const options = { functionClass: noisyClass({ renormalised: true }), dimension: 5, pairs: 7 };
  const prompts = functionPrompts({ ...options, prompts: 11 }, new Random(5));
  const labels = prompts.flatMap(({ context, target }) => [
    ...Array.from({ length: 7 }, (_, i) => context.data[6 * i + 5]),
    target,
  ]);
  const mean = labels.reduce((a, b) => a + b) / labels.length;
  const squares = labels.reduce((a, y) => a + (y - mean) * (y - mean), 0);
  // Relative γ_{n+8} for n = 88, twice: once here, once there.
  expect(Math.abs(Math.sqrt(squares / 87) / Math.sqrt(5) - 1)).toBeLessThan(200 * 2 ** -53);
});

test('linear prompts are those of linearPrompt, bit for bit, one after another', () => {
  const [ours, theirs] = [new Random(59), new Random(59)];
  const sizes = { dimension: 5, pairs: 7 };
  const prompts = functionPrompts({ functionClass: linearClass, ...sizes, prompts: 3 }, ours);
  for (const prompt of prompts) expect(prompt).toEqual(linearPrompt(sizes, theirs));
  expect(ours.state()).toEqual(theirs.state());
});

test('a noisy prompt draws the function, the inputs, then one normal a label, the query last', () => {
  const sizes = { dimension: 3, pairs: 4 };
  const functionClass = noisyClass({ deviation: 0.5 });
  const [prompt] = functionPrompts({ functionClass, ...sizes }, new Random(61));
  const random = new Random(61);
  const clean = linearPrompt(sizes, random);
  const labels = Array.from({ length: 4 }, (_, i) => clean.context.data[4 * i + 3]);
  const expected = [...labels, clean.target].map((y) => y + 0.5 * random.normal());
  const ours = Array.from({ length: 4 }, (_, i) => prompt.context.data[4 * i + 3]);
  assertSameBits([...ours, prompt.target], expected, 'labels');
  assertSameBits(prompt.query, clean.query, 'query');
});

test('scaled labels are c·f(x), and noise is added after the scaling', () => {
  const sizes = { dimension: 3, pairs: 4 };
  const draw = (functionClass: FunctionClass) =>
    functionPrompts({ functionClass, ...sizes }, new Random(67))[0];
  expect(draw(scaledClass(linearClass, 3)).target).toBe(3 * draw(linearClass).target);
  const noise = draw(noisyClass()).target - draw(linearClass).target;
  const scaled = draw(scaledClass(noisyClass(), 0)).target;
  expect(Math.abs(scaled - noise)).toBeLessThan(1e-14); // The difference above is rounded.
  expect(scaled).not.toBe(0);
});

test('a sparse function reads exactly s coordinates, each equally often', () => {
  const random = new Random(71);
  const [d, kept, rounds] = [7, 3, 2000];
  const counts = new Float64Array(d);
  for (let round = 0; round < rounds; round++) {
    const f = sparseClass(kept).draw(random, d);
    const weights = counts.map((_, i) => f(Float64Array.from(counts, (__, j) => Number(i === j))));
    expect(weights.filter((w) => w !== 0).length).toBe(kept);
    for (let i = 0; i < d; i++) counts[i] += Number(weights[i] !== 0);
  }
  // Binomial with p = 3/7: five standard deviations.
  const allowed = 5 * Math.sqrt((rounds * 12) / 49);
  for (const count of counts) expect(Math.abs(count - (rounds * 3) / 7)).toBeLessThan(allowed);
  const all = sparseClass(2).draw(random, 2);
  expect(all(of(1, 0)) * all(of(0, 1))).not.toBe(0);
});

test('quadratic functions and ReLU networks have the variance d of linear ones', () => {
  const random = new Random(73);
  const [n, d] = [4000, 5];
  for (const functionClass of [linearClass, quadraticClass, reluNetworkClass(20)]) {
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const [{ target }] = functionPrompts({ functionClass, dimension: d, pairs: 0 }, random);
      squares += target * target;
    }
    // Five standard deviations. Var y² = E y⁴ − d², largest for the quadratic, with E y⁴ =
    // (d·E x⁸ + d·(d − 1)·(E x⁴)²)/3 = (5·105 + 20·9)/3 = 235. For the networks it is
    // 3·(1 + 5/H)·d·(d + 2) − d² = 106, for linear functions 80.
    expect(Math.abs(squares / n - d)).toBeLessThan(5 * Math.sqrt(210 / n));
  }
});

test('trees draw every coordinate, and reach every leaf', () => {
  const random = new Random(79);
  const f = decisionTreeClass(3).draw(random, 5);
  const seen = new Set<number>();
  for (let i = 0; i < 2000; i++) seen.add(f(rowOf(standardInputs.draw(random, 5, 0), 0)));
  expect(seen.size).toBeGreaterThan(3);
  expect(seen.size).toBeLessThanOrEqual(8);
  // With one input, a path that is asked twice answers alike: only the outer leaves are reached.
  const restated = new Random(83);
  for (let node = 0; node < 7; node++) restated.integer(1);
  const leaves = Array.from({ length: 8 }, () => restated.normal());
  const single = decisionTreeClass(3).draw(new Random(83), 1);
  expect([single(of(-1)), single(of(1))]).toEqual([leaves[0], leaves[7]]);
});

test('the same seed gives the same prompts in every class and shift, in the layout of tokens', () => {
  for (const functionClass of FUNCTION_CLASSES) {
    for (const shift of INPUT_SHIFTS) {
      const options = { functionClass, shift, dimension: 5, pairs: 4, prompts: 2 };
      const [one, two] = [new Random(89), new Random(89)];
      const prompts = functionPrompts(options, one);
      expect(functionPrompts(options, two)).toEqual(prompts);
      expect(one.state()).toEqual(two.state());
      expect(prompts[0].query).not.toEqual(prompts[1].query);
      for (const { context, query, target } of prompts) {
        expect([context.rows, context.cols, query.length]).toEqual([4, 6, 6]);
        expect(Object.is(query[5], 0)).toBe(true);
        expect([...context.data, ...query, target].every(Number.isFinite)).toBe(true);
      }
    }
  }
  const names = [...FUNCTION_CLASSES, ...INPUT_SHIFTS].map(({ name }) => name);
  expect(new Set(names).size).toBe(8 + 11);
});

test('a drawn function draws nothing itself and keeps its argument', () => {
  for (const functionClass of FUNCTION_CLASSES) {
    const random = new Random(97);
    const f = functionClass.draw(random, 5);
    const state = random.state();
    const x = of(1, -2, 3, -4, 5);
    expect(f(x)).toBe(f(x));
    expect(random.state()).toEqual(state);
    assertSameBits(x, [1, -2, 3, -4, 5], functionClass.name);
    expect(() => f(of(1, 2))).toThrow('x must have 5 entries, got 2');
  }
});

test('functions keep copies of their weights', () => {
  const w = of(1, 2);
  const W1 = matrixFromRows([[1, 1]]);
  const leaves = of(3, 4);
  const coordinates = [0];
  const x = of(1, 1);
  const fs = [
    linearFunction(w),
    quadraticFunction(w),
    halfSpace(w),
    reluNetwork(W1, w.subarray(0, 1)),
    decisionTree({ dimension: 2, coordinates, leaves }),
  ];
  const before = fs.map((f) => f(x));
  for (const array of [w, W1.data, leaves]) array.fill(-9);
  coordinates[0] = 1;
  expect(fs.map((f) => f(x))).toEqual(before);
});

test('scaled inputs are c times the standard ones, entry by entry', () => {
  for (const c of SHIFT_FACTORS) {
    const standard = standardInputs.draw(new Random(101), 5, 3);
    const { data } = scaledInputs(c).draw(new Random(101), 5, 3);
    assertSameBits(
      data,
      standard.data.map((x) => c * x),
      `${c}`,
    );
  }
});

test('quadrants: the context has the signs of one, the query its own or the opposite ones', () => {
  const random = new Random(103);
  const patterns = new Set<string>();
  for (let round = 0; round < 100; round++) {
    const state = random.state();
    const standard = standardInputs.draw(Random.restore(state), 3, 4);
    const free = quadrantInputs('random').draw(Random.restore(state), 3, 4);
    const across = quadrantInputs('opposite').draw(random, 3, 4);
    const signs = Array.from(rowOf(across, 0), Math.sign);
    patterns.add(signs.join());
    for (let i = 0; i < 4; i++) {
      const row = Array.from(rowOf(standard, i), (x, j) => Math.abs(x) * signs[j]);
      assertSameBits(rowOf(across, i), row, 'opposite');
      assertSameBits(rowOf(free, i), row, 'random');
    }
    assertSameBits(rowOf(free, 4), rowOf(standard, 4), 'the query of random');
    const query = Array.from(rowOf(standard, 4), (x, j) => -Math.abs(x) * signs[j]);
    assertSameBits(rowOf(across, 4), query, 'the query of opposite');
  }
  expect(patterns.size).toBe(8);
});

test('a repeated query is one of the inputs, any of them', () => {
  const random = new Random(107);
  const seen = new Set<number>();
  for (let round = 0; round < 100; round++) {
    const inputs = repeatedQuery.draw(random, 3, 4);
    const query = [...rowOf(inputs, 4)];
    const at = [0, 1, 2, 3].filter((i) => rowOf(inputs, i).every((x, j) => x === query[j]));
    expect(at.length).toBe(1);
    seen.add(at[0]);
  }
  expect(seen.size).toBe(4);
});

test('the orthogonal part, worked by hand, keeps the length and loses the span', () => {
  const part = orthogonalPart(matrixFromRows([[2, 0, 0]]), of(3, 0, 4));
  expect(Math.abs(part[0])).toBe(0);
  expect(Math.abs(part[1])).toBe(0);
  expect(Math.abs(part[2] - 5)).toBeLessThan(1e-14);
  const near = orthogonalPart(matrixFromRows([[1, 0]]), of(1, 1e-12));
  expect(Math.abs(near[0])).toBeLessThan(1e-15);
  expect(Math.abs(near[1] - 1)).toBeLessThan(1e-15);
  assertSameBits(orthogonalPart(matrix(0, 1), of(-3)), [-3], 'nothing to be orthogonal to');
});

test('an orthogonal query is orthogonal to every input within the derived bound', () => {
  const random = new Random(109);
  for (const pairs of [0, 1, 4, 6]) {
    const state = random.state();
    const wanted = rowOf(standardInputs.draw(Random.restore(state), 7, pairs), pairs);
    const inputs = orthogonalQuery.draw(random, 7, pairs);
    const query = rowOf(inputs, pairs);
    expect(Math.abs(norm(query) / norm(wanted) - 1)).toBeLessThan(1e-14);
    for (let i = 0; i < pairs; i++) {
      const x = rowOf(inputs, i);
      // 3·γ_{N(3d+37)} and the 7·u of this product.
      const bound = (3 * pairs * 58 + 8) * 2 ** -53 * norm(x) * norm(query);
      expect(Math.abs(dot(x, query))).toBeLessThan(bound);
    }
  }
});

test('a covariance transform, worked by hand and of known spectrum', () => {
  const axes = matrixFromRows([
    [1, 0],
    [0, 1],
  ]);
  const t = covarianceTransform(axes, of(3, 4));
  const c = Math.sqrt(2) / 5;
  assertSameBits(t.data, [3 * c, 0, 0, 4 * c], 'diagonal');
  const U = randomOrthogonal(new Random(113), 5);
  expect(orthogonality(U)).toBeLessThan(1e-14);
  const lambda = Float64Array.from({ length: 5 }, (_, i) => 1 / (5 - i));
  const { data } = covarianceTransform(U, lambda);
  const symmetric = data.map((x, at) => (x + data[(at % 5) * 5 + Math.floor(at / 5)]) / 2);
  const { values } = symmetricEigen(matrix(5, 5, symmetric));
  const expected = lambda.map((x) => (x * Math.sqrt(5)) / norm(lambda));
  expect(maxAbs(subtract(values, expected))).toBeLessThan(1e-14);
});

test('skewed and half-subspace inputs have E‖x‖² = d; the latter lie in ⌊d/2⌋ dimensions', () => {
  const random = new Random(127);
  for (const shift of [skewedInputs, halfSubspaceInputs]) {
    let squares = 0;
    const rounds = 2000;
    for (let round = 0; round < rounds; round++) {
      const { data } = shift.draw(random, 5, 0);
      squares += dot(data, data);
    }
    // Var ‖x‖² = 2·Σ(t-eigenvalue)⁴ ≤ 2·d² = 50: five standard deviations.
    expect(Math.abs(squares / rounds - 5)).toBeLessThan(5 * Math.sqrt(50 / rounds));
  }
  const inputs = halfSubspaceInputs.draw(random, 7, 10);
  expect(pivotedQR(inputs, 1e-12).rank).toBe(3);
  expect(pivotedQR(skewedInputs.draw(random, 7, 10), 1e-12).rank).toBe(7);
});

test('one transform can serve many prompts: inputs are the standard ones times t', () => {
  const t = matrixFromRows([
    [0, 2],
    [1, 0],
  ]);
  const shift = transformedInputs('swapped', t);
  t.data.fill(Number.NaN);
  const standard = standardInputs.draw(new Random(131), 2, 3);
  const { data } = shift.draw(new Random(131), 2, 3);
  const expected = data.map((_, at) => standard.data[at ^ 1] * (at % 2 === 0 ? 1 : 2));
  assertSameBits(data, expected, 'x·t');
});

test('sizes, weights and factors that are none are refused by name', () => {
  const random = new Random(1);
  for (const functionClass of FUNCTION_CLASSES) {
    for (const d of [0, -1, 1.5, Number.NaN]) {
      expect(() => functionClass.draw(random, d), functionClass.name).toThrow(DomainError);
    }
  }
  for (const shift of INPUT_SHIFTS) {
    expect(() => shift.draw(random, 0, 0), shift.name).toThrow(DomainError);
    expect(() => shift.draw(random, 3, -1), shift.name).toThrow(DomainError);
    expect(() => shift.draw(random, 3, Number.NaN), shift.name).toThrow(DomainError);
  }
  expect(() => sparseClass(3).draw(random, 2)).toThrow('must be an integer ≥ 3, got 2');
  expect(() => sparseClass(0)).toThrow(DomainError);
  expect(() => noisyClass({ deviation: -1 })).toThrow('deviation ≥ 0 is required, got -1');
  expect(() => noisyClass({ deviation: Number.NaN })).toThrow(DomainError);
  expect(() => scaledClass(linearClass, Infinity)).toThrow('finite factor');
  expect(() => scaledInputs(Number.NaN)).toThrow('finite factor');
  expect(() => quadrantInputs('other' as never)).toThrow("'random' or 'opposite'");
  expect(() => reluNetworkClass(0)).toThrow(DomainError);
  expect(() => decisionTreeClass(21)).toThrow('from 0 to 20, got 21');
  expect(() => halfSubspaceInputs.draw(random, 1, 3)).toThrow('must be an integer ≥ 2, got 1');
  expect(() => orthogonalQuery.draw(random, 3, 3)).toThrow('fewer pairs than dimensions');
  expect(() => repeatedQuery.draw(random, 3, 0)).toThrow('must be an integer ≥ 1, got 0');
  const options = { functionClass: classificationClass, dimension: 3, pairs: 2 };
  expect(() => functionPrompts({ ...options, prompts: 0 }, random)).toThrow('number of prompts');
  expect(() => functionPrompts({ ...options, pairs: 0.5 }, random)).toThrow('number of pairs');
});

test('weights that do not fit or are not finite are refused by name', () => {
  const tree = { dimension: 2, coordinates: [0], leaves: of(1, 2) };
  expect(() => linearFunction(of(1, Number.NaN))).toThrow(NonFiniteError);
  expect(() => linearFunction([1] as never)).toThrow(TypeError);
  expect(() => reluNetwork(matrix(2, 3), of(1))).toThrow('got 2x3 and 1');
  expect(() => reluNetwork(matrix(0, 3), of())).toThrow(ShapeError);
  expect(() => decisionTree({ ...tree, leaves: of(1, 2, 3) })).toThrow('got 3 and 1');
  expect(() => decisionTree({ ...tree, coordinates: [0, 1], leaves: of(1, 2, 3) })).toThrow(
    ShapeError,
  );
  expect(() => decisionTree({ ...tree, coordinates: [2] })).toThrow('from 0 to 1, got 2');
  expect(() => decisionTree({ ...tree, leaves: of(1, Infinity) })).toThrow(NonFiniteError);
  expect(() => decisionTree(tree)(of(Number.NaN, 1))).toThrow(NonFiniteError);
  expect(() => noisyLabels(of(1), of(1, 2), 1)).toThrow('got 2 for 1');
  expect(() => renormalisedLabels([of(1)], 2)).toThrow('two different labels');
  expect(() => renormalisedLabels([of(3, 3)], 2)).toThrow('got 2 with deviation 0');
  expect(() => renormalisedLabels([of(3, Number.NaN)], 2)).toThrow(NonFiniteError);
  expect(() => covarianceTransform(matrix(2, 2), of(0, 0))).toThrow('other than 0');
  expect(() => covarianceTransform(matrix(2, 3), of(1, 1))).toThrow('got 2x3');
  expect(() => transformedInputs('t', matrix(2, 2)).draw(new Random(1), 3, 1)).toThrow('got 2x2');
  expect(() => orthogonalPart(matrix(2, 2), of(1, 1))).toThrow('got 2 rows of 2');
  expect(() => orthogonalPart(matrix(1, 2), of(0, 0))).toThrow('must not lie in the span');
  expect(() => orthogonalPart(matrix(1, 2), of(1))).toThrow('needs 2 entries, got 1');
});
