import { expect, test } from 'vitest';
import { blockBounds, contextPatch, proveContextPatch, VARIANTS } from '../../src/icl/index.ts';
import { DegenerateBase, type Matrix, matrix, Random } from '../../src/linalg/index.ts';
import {
  type ActivationName,
  type Block,
  blockOf,
  experts,
  initialise,
  type Parameters,
  preNorm,
  runBlock,
  softmaxAttention,
} from '../../src/model/index.ts';

/** Llama with rectified experts of one hidden entry, which are dead for half of all inputs. */
const expertBlock = (count: number, selected: number, activation: ActivationName = 'relu'): Block =>
  blockOf({
    name: 'experts',
    wiring: preNorm('rms'),
    layer: softmaxAttention({ tokenWidth: 4, width: 4, heads: 2 }),
    feedForward: experts({ width: 4, hidden: 1, experts: count, selected, activation }),
  });

function drawn(block: Block, seed: number) {
  const random = new Random(seed, 77);
  const parameters = initialise(block.shapes, random);
  const context = matrix(3, 4);
  random.fillNormal(context.data);
  const query = new Float64Array(4);
  random.fillNormal(query);
  return { parameters, context, query };
}

test('an expert that is selected is patched, also where its contextual hidden vector is 0', () => {
  let [dead, observed] = [0, 0];
  for (let seed = 0; seed < 40; seed++) {
    const block = expertBlock(2, 2);
    const { parameters, context, query } = drawn(block, seed);
    for (const variant of ['default', 'bias', 'joint'] as const) {
      let proof: ReturnType<typeof proveContextPatch>;
      try {
        proof = proveContextPatch(block, parameters, context, query, { variant });
      } catch (error) {
        // Where all experts are dead nothing can be made up for by the last map.
        expect(error).toBeInstanceOf(DegenerateBase);
        expect(variant).toBe('default');
        continue;
      }
      const { patch, contextual, output } = proof;
      for (const e of [0, 1]) {
        const { weights, biases } = patch;
        const [W, b] = [weights[`experts.${e}.Wg`], biases[`experts.${e}.bg`]];
        expect(W ?? b, `seed ${seed}, expert ${e}, ${variant}`).toBeDefined();
        if (contextual.sites[`experts.${e}.Wd`].input[0] === 0) dead++;
      }
      expect(output.overBound).toBeLessThanOrEqual(1);
      // Rounding, not merely allowed: sizes here are below 10.
      expect(output.bound).toBeLessThan(1e-11);
      observed = Math.max(observed, output.observed);
    }
  }
  expect(dead).toBeGreaterThan(20);
  expect(observed).toBeLessThan(1e-13);
});

test('experts that are not selected are left alone, and cost the bound nothing', () => {
  const block = expertBlock(4, 1);
  const { parameters, context, query } = drawn(block, 3);
  const { patch, output, contextual } = proveContextPatch(block, parameters, context, query, {
    variant: 'bias',
  });
  const { output: logits } = contextual.sites['Wr'];
  const best = logits.indexOf(Math.max(...logits));
  expect(Object.keys(patch.biases).sort()).toEqual(
    [`experts.${best}.bg`, `experts.${best}.bu`, 'br', 'experts.0.bd'].sort(),
  );
  expect(output.overBound).toBeLessThanOrEqual(1);
  expect(output.bound).toBeLessThan(1e-11);
});

test('an input site that carries weight and is not patched leaves no bound and proves nothing', () => {
  const block = expertBlock(2, 2);
  const { parameters, context, query } = drawn(block, 2);
  const { patch, base, contextual } = contextPatch(block, parameters, context, query, {
    variant: 'bias',
  });
  const bound = (left: string) => {
    const biases = { ...patch.biases };
    delete biases[left];
    const runs = { base, contextual };
    return blockBounds(block, parameters, runs, 'bias', 'factored', { ...patch, biases }).output;
  };
  for (const entry of bound('none')) expect(entry).toBeLessThan(1e-11);
  for (const left of ['br', 'experts.0.bg', 'experts.1.bg']) {
    for (const entry of bound(left)) expect(entry, left).toBe(Infinity);
  }
});

/** The router's rows 0 and 1 meet up to `apart` times the first contextual z, expert 2 is far behind. */
function meeting(block: Block, apart: number) {
  const { parameters, context, query } = drawn(block, 11);
  const { input: z } = runBlock(block, parameters, context, query);
  const router = matrix(3, 4);
  for (let j = 0; j < 4; j++) {
    router.data[j] = z[j];
    router.data[4 + j] = z[j];
    router.data[8 + j] = -z[j];
  }
  router.data[0] += apart * Math.sign(z[0]);
  const changed: Parameters<Matrix> = { ...parameters, 'mlp.Wr': router };
  return { parameters: changed, context, query };
}

test('a routing margin that rounding could close is refused, and one that it cannot is not', () => {
  const block = expertBlock(3, 1);
  for (const variant of VARIANTS.filter((each) => each !== 'w2only' && each !== 'w1w2')) {
    for (const apart of [0, 2 ** -51, 2 ** -49]) {
      const { parameters, context, query } = meeting(block, apart);
      const run = () => contextPatch(block, parameters, context, query, { variant });
      expect(run, `${variant} ${apart}`).toThrow(DegenerateBase);
      expect(run).toThrow(
        /^blockPatch: the routing margin must exceed .* at Wr, .* got a margin of /,
      );
    }
  }
  const { parameters, context, query } = meeting(block, 1e-9);
  const { output } = proveContextPatch(block, parameters, context, query, { variant: 'bias' });
  expect(output.overBound).toBeLessThanOrEqual(1);
});

test('a tie is no obstacle where the router reads the same, or is 0', () => {
  const block = expertBlock(3, 1);
  const tied = meeting(block, 0);
  const same = contextPatch(block, tied.parameters, tied.context, tied.query, {
    removed: [],
    variant: 'bias',
  });
  expect(same.patch.biases['br']).toEqual(new Float64Array(3));
  const { parameters, context, query } = drawn(block, 11);
  const flat = { ...parameters, 'mlp.Wr': matrix(3, 4) };
  const { output } = proveContextPatch(block, flat, context, query, { variant: 'bias' });
  expect(output.overBound).toBeLessThanOrEqual(1);
});

test('the variant that leaves the router alone needs no margin', () => {
  const block = expertBlock(3, 1, 'silu');
  const { parameters, context, query } = drawn(block, 11);
  const flat = { ...parameters, 'mlp.Wr': matrix(3, 4) };
  expect(() => contextPatch(block, flat, context, query, { variant: 'w2only' })).not.toThrow();
});
