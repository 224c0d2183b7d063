/**
 * What figure `thought` must show.
 *
 * @module
 */
import { gaussianTestFactor } from '../../icl/index.ts';
import { type Check, shapeCheck, theoremCheck } from '../figure-result.ts';
import { mean, summarise } from '../statistics.ts';
import type { ThoughtTrials } from './trials.ts';

export function checksOf(trials: ThoughtTrials): Check[] {
  const { contexts, designs, judged } = trials;
  const all = [...contexts, ...designs.flatMap((design) => design.trials)];
  const most = (pick: (trial: (typeof all)[number]) => number): number =>
    all.reduce((max, trial) => Math.max(max, pick(trial)), 0);
  const check = (name: string, value: number, relation: '<=' | '>=', limit: number): Check =>
    shapeCheck(name, value, relation, limit, judged);
  return [
    theoremCheck(
      'E_train = 0 up to K = rank: |M·a − W·δ| over its bound, all contexts and designs',
      most(({ overInterpolation }) => overInterpolation),
      '<=',
      1,
    ),
    theoremCheck(
      'normal equations of every fit: residual over its bound',
      most(({ overNormal }) => overNormal),
      '<=',
      1,
    ),
    theoremCheck('fits whose rank is not min(K, r)', otherRanks(trials), '<=', 0),
    ...toyChecks(trials, check),
    ...designs.flatMap(({ rank, counts, trials }) => {
      const { mean: means, median } = summarise(trials.map(({ test }) => test));
      const wide = counts.map((K, k) => ({ K, k })).filter(({ K }) => K >= 2 * rank);
      const off = wide.map(({ K, k }) => Math.abs(means[k] / gaussianTestFactor(rank, K) - 1));
      const elsewhere = median.filter((_, k) => counts[k] !== rank);
      const shares = trials.map(({ averagedShare }) => averagedShare[counts.length - 1]);
      // Measured on seeds 1 to 3: 0.011 to 0.024; 2.4 to 6.8; 0.003 to 0.02.
      return [
        check(
          `r = ${rank}: mean test error against 1 + r/(K − r − 1), worst K from 2r on`,
          Math.max(...off),
          '<=',
          0.1,
        ),
        check(
          `r = ${rank}: median test error at K = r over the largest at other K`,
          median[counts.indexOf(rank)] / Math.max(...elsewhere),
          '>=',
          1.5,
        ),
        check(
          `r = ${rank}: share of W·D in the averaged rank-one patches times r, off 1 by`,
          Math.abs(rank * mean(shares) - 1),
          '<=',
          0.1,
        ),
      ];
    }),
  ];
}

type Judge = (name: string, value: number, relation: '<=' | '>=', limit: number) => Check;

/**
 * K, a limit of E_test/E_0 and one of E_train/E_0: three times and a third of what an earlier run of the protocol had with E_0 of about 10.
 * Measured on seeds 1 to 3: E_test 0.6 to 1.5 times that, E_train 0.6 to 1.2 times; the mean of E_test is
 * heavy-tailed at K = 5 still.
 */
const EXPECTED = [
  [5, 0.026, 0.001],
  [10, 0.022, 0.0015],
  [25, 0.021, 0.002],
  [128, 0.019, 0.002],
] as const;

/** Limits with the ranges of seeds 1 to 3 beside them. */
function toyChecks({ contexts, counts, rank }: ThoughtTrials, check: Judge): Check[] {
  const unpatched = mean(contexts.map((trial) => trial.unpatched));
  const over = (which: 'train' | 'test', K: number): number => {
    const k = counts.indexOf(K);
    return mean(contexts.map((trial) => trial[which][k])) / unpatched;
  };
  const last = counts.length - 1;
  const medians = summarise(contexts.map(({ leastNorm }) => leastNorm.test)).median;
  const averaged = summarise(contexts.map((trial) => trial.averaged.test)).median;
  const predictions = summarise(contexts.map(({ leastNorm }) => leastNorm.prediction)).median;
  const [most, at] = [counts[last], counts.indexOf(rank)];
  return [
    check('E_0, mean of ‖W·δ‖²', unpatched, '>=', 5), // 11.3 to 13.7
    check('E_test/E_0 at K = 1', over('test', 1), '>=', 0.3), // 0.53 to 0.63
    ...(at < 0
      ? []
      : [
          // No finite mean in theory: 0.17 to 0.56, another program found 1e4.
          check(`E_test/E_0 at K = ${rank}, mean`, over('test', rank), '>=', 0.05),
          check(`E_test/E_0 at K = ${rank}, median`, medians[at], '<=', 0.1), // 0.017 to 0.033
        ]),
    check('E_test/E_0 at K = 3', over('test', 3), '<=', 1), // 0.016 to 0.052; no finite mean either
    check('E_train/E_0 at K = 3', over('train', 3), '>=', 0.0005), // 0.0014 to 0.0028
    ...EXPECTED.filter(([K]) => counts.includes(K)).flatMap(([K, test, train]) => [
      check(`E_test/E_0 at K = ${K}`, over('test', K), '<=', test),
      check(`E_train/E_0 at K = ${K}`, over('train', K), '>=', train),
    ]),
    check(`predictions at K = ${most}, median`, predictions[last], '<=', 0.002), // 0.00038 to 0.00048
    // In one direction of two: (1 − 1/2)². 0.235 to 0.255.
    check(`rank-one patches averaged, K = ${most}, median`, averaged[last], '>=', 0.15),
    check(`rank-one patches averaged, K = ${most}, from above`, averaged[last], '<=', 0.4),
  ];
}

/** Fits of tokens whose inputs have another rank than min(K, r). */
function otherRanks({ contexts, counts, rank, designs }: ThoughtTrials): number {
  const all = [{ rank, counts, trials: contexts }, ...designs];
  return all
    .flatMap(({ rank, counts, trials }) =>
      trials.map(({ ranks }) => counts.filter((K, k) => ranks[k] !== Math.min(K, rank)).length),
    )
    .reduce((sum, count) => sum + count, 0);
}
