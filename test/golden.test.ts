import { expect, test } from 'vitest';
import * as attn1 from './golden-readers/attn1.ts';
import * as attn4 from './golden-readers/attn4.ts';
import * as bounds from './golden-readers/bounds.ts';
import * as diagnostics from './golden-readers/diagnostics.ts';
import * as dynamics from './golden-readers/dynamics.ts';
import * as families from './golden-readers/families.ts';
import * as finetune from './golden-readers/finetune.ts';
import * as functionClasses from './golden-readers/function-classes.ts';
import * as gradStacks from './golden-readers/grad-stacks.ts';
import * as linearAttention from './golden-readers/linear-attention.ts';
import * as multitokenStatic from './golden-readers/multitoken-static.ts';
import * as rational from './golden-readers/rational.ts';
import * as recurrentLayers from './golden-readers/recurrent-layers.ts';
import * as skipBlocks from './golden-readers/skip-blocks.ts';
import * as special from './golden-readers/special.ts';
import * as stacks from './golden-readers/stacks.ts';
import * as thoughtMatrix from './golden-readers/thought-matrix.ts';
import * as thoughtStack from './golden-readers/thought-stack.ts';
import { Agreement, GOLDEN_DIR, type Golden, goldenCases, loadGolden } from './support/golden.ts';

interface Reader {
  readonly read: (golden: Golden, agreement: Agreement) => void;
  readonly notCovered?: readonly string[];
  readonly tolerance: (golden: Golden) => (value: number) => number;
}

const READERS: Readonly<Record<string, Reader>> = {
  attn1_relu_noskip: attn1,
  attn4_gelu_noskip: attn4,
  bounds,
  diagnostics,
  dynamics,
  finetune,
  function_classes: functionClasses,
  gemma_block: families,
  grad_llama_stack2: gradStacks,
  grad_preln_stack3: gradStacks,
  linear_attention: linearAttention,
  llama_stack2: stacks,
  moe_block: families,
  multitoken_static: multitokenStatic,
  parallel_blocks: families,
  preln_stack3: stacks,
  rational,
  recurrent_layers: recurrentLayers,
  skip_blocks: skipBlocks,
  special,
  thought_matrix: thoughtMatrix,
  thought_stack: thoughtStack,
};

const cases = goldenCases(GOLDEN_DIR);
const from = process.env.GOLDEN_DIR ? 'GOLDEN_DIR' : 'test/golden (GOLDEN_DIR is not set)';
process.stdout.write(`golden files of ${from}\n`);
for (const name of cases) {
  if (!(name in READERS)) process.stdout.write(`not covered: ${name}\n`);
  for (const part of READERS[name]?.notCovered ?? []) {
    process.stdout.write(`not covered: ${name}.${part}\n`);
  }
}

test('there are golden files, and some of them have readers', () => {
  expect(cases.filter((name) => name in READERS).length).toBeGreaterThan(0);
});

test.each(cases.filter((name) => name in READERS))(
  'golden %s: our values agree with the independent program',
  (name) => {
    const golden = loadGolden(GOLDEN_DIR, name);
    const agreement = new Agreement(READERS[name].tolerance(golden));
    READERS[name].read(golden, agreement);
    expect(agreement.failures).toEqual([]);
    expect(agreement.compared).toBeGreaterThan(10);
  },
);

test('the comparison refuses NaN, zeros, a wrong length, null and 0.01% off', () => {
  const refused = (ours: never, golden: never): boolean => {
    const agreement = new Agreement((value) => 1e-12 * Math.max(1, Math.abs(value)));
    agreement.close('x', ours, golden);
    return agreement.failures.length > 0;
  };
  const pairs: [unknown, unknown][] = [
    [NaN, 1],
    [NaN, NaN],
    [0, 1],
    [[1], [1, 2]],
    [[1, 2], [1]],
    [null, 1],
    [1, null],
    [1.0001, 1],
    [undefined, 1],
    [[[1, 2]], [[1, 3]]],
  ];
  for (const [ours, golden] of pairs) expect(refused(ours as never, golden as never)).toBe(true);
  expect(refused([1, [2]] as never, [1, [2]] as never)).toBe(false);
});

test('a golden file with one changed number is refused', () => {
  for (const name of cases) {
    if (!(name in READERS)) continue;
    const golden = loadGolden(GOLDEN_DIR, name);
    const part = golden.outputs ?? golden.rows ?? golden.grads ?? golden.functions;
    expect(changeOneNumber(part)).toBe(true);
    const agreement = new Agreement(READERS[name].tolerance(golden));
    READERS[name].read(golden, agreement);
    expect(agreement.failures.length).toBeGreaterThan(0);
  }
});

/** Moves the first non-zero number or fraction found in depth by 0.01%. */
function changeOneNumber(node: Golden): boolean {
  for (const key of Object.keys(node)) {
    if (typeof node[key] === 'number' && node[key] !== 0 && !Number.isInteger(node[key])) {
      node[key] *= 1.0001;
      return true;
    }
    if (typeof node[key] === 'string' && node[key].includes('/')) {
      node[key] = `1${node[key]}`;
      return true;
    }
    if (node[key] !== null && typeof node[key] === 'object' && changeOneNumber(node[key])) {
      return true;
    }
  }
  return false;
}
