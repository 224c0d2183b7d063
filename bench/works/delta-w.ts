/**
 * Work (f): ΔW of one site, p = W·δ and v = a/‖a‖².
 *
 * The floor of (f) is what it costs to read every entry of W once: a sum of them in four accumulators.
 *
 * @module
 */
import { patchWeight } from '../../src/icl/index.ts';
import {
  compensatedDot,
  compensatedSum,
  type Matrix,
  matrix,
  Random,
} from '../../src/linalg/index.ts';
import type { Judge, Program, Work } from '../runner/contract.ts';
import { joined, relativeError, worstPart } from '../runner/errors.ts';

interface Site {
  /** hidden×width */
  readonly W: Matrix;
  readonly base: Float64Array;
  readonly contextual: Float64Array;
}

function siteOf(width: number, hidden: number): Site {
  const random = new Random(1, width, hidden);
  const W = matrix(hidden, width);
  const [base, contextual] = [new Float64Array(width), new Float64Array(width)];
  for (const numbers of [W.data, base, contextual]) random.fillNormal(numbers);
  return { W, base, contextual };
}

async function ours({ W, base, contextual }: Site): Promise<Program> {
  return {
    run: () => patchWeight(W, base, contextual),
    result: () => {
      const { p, v } = patchWeight(W, base, contextual);
      return joined([p, v]);
    },
  };
}

async function floor({ W }: Site): Promise<Program> {
  return { run: () => fourSums(W.data), result: () => [fourSums(W.data)] };
}

function fourSums(x: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i += 4) {
    s0 += x[i];
    s1 += x[i + 1];
    s2 += x[i + 2];
    s3 += x[i + 3];
  }
  return s0 + s1 + (s2 + s3);
}

/** Sums in twice the precision, of δ as it is rounded. */
function judgeOf({ W, base, contextual }: Site): Judge {
  const { rows, cols, data } = W;
  const delta = contextual.map((entry, i) => entry - base[i]);
  const p = Float64Array.from({ length: rows }, (_, i) =>
    compensatedDot(data.slice(i * cols, (i + 1) * cols), delta),
  );
  const square = compensatedDot(base, base);
  return (result) => worstPart(result, [p, base.map((entry) => entry / square)]);
}

function patch(width: number, hidden: number): Work {
  const site = siteOf(width, hidden);
  const { W, base, contextual } = site;
  return {
    name: `ΔW ${width}/${hidden}`,
    family: 'delta-w',
    about: `ΔW of one site as its factors, W ${hidden}×${width}`,
    rate: { unit: 'GB/s of W', amount: (8 * width * hidden) / 1e9 },
    entries: [
      { contestant: 'ours', program: () => ours(site) },
      {
        contestant: 'plain',
        variant: 'sum over W',
        program: () => floor(site),
        judge: async () => (sum) => relativeError(sum, [compensatedSum(W.data)]),
      },
      {
        contestant: 'numpy',
        program: {
          script: 'delta_w.py',
          arguments: { width, hidden },
          inputs: () => [W.data, base, contextual],
        },
      },
    ],
    judge: async () => judgeOf(site),
    // Sums of up to 2.4 million terms in four parts, whose value is far below the sum of their sizes.
    tolerance: { float64: 1e-11, float32: 0 },
    when: 'always',
  };
}

export const deltaWWorks: readonly Work[] = [patch(64, 256), patch(768, 3072)];
