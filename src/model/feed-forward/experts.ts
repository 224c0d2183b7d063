/**
 * A mixture of gated experts with a router that selects the top k (Mixtral, arXiv:2401.04088).
 *
 * @module
 */
import { add, column, routing, topKRouting, weightRows } from '../../autograd/index.ts';
import { DomainError, rowMatrix } from '../../linalg/index.ts';
import { type ActivationName, requireActivation } from '../activations.ts';
import { requireSizes } from '../contextual-layer.ts';
import { prefixed, weightShape } from '../parameters.ts';
import type { FeedForward } from './feed-forward.ts';
import { gatedHidden, gatedShapes, gatedSites } from './gated.ts';

export interface ExpertsOptions {
  /** Entries of the input and of the output. */
  readonly width: number;
  /** Hidden entries of each expert. */
  readonly hidden: number;
  readonly experts: number;
  /** How many of them each row selects. */
  readonly selected: number;
  /** Default: silu. */
  readonly activation?: ActivationName;
}

/**
 * y = Σ_e p_e·Wd^e·(g(Wg^e·z)∘(Wu^e·z)), p the softmax of the k largest entries of Wr·z and 0 elsewhere.
 *
 * All experts are evaluated, also those that weigh 0: the plainest form, and one that can be trained.
 * Ties select the smaller index.
 *
 * Parameters: Wr experts×width, and experts.E.Wg, experts.E.Wu, experts.E.Wd for E = 0 … experts − 1.
 *
 * @throws DomainError if a size is not a positive integer, more are selected than there are, or the
 * activation is unknown.
 */
export function experts(options: ExpertsOptions): FeedForward {
  const { width, hidden, experts: count, selected, activation = 'silu' } = options;
  requireSizes('experts', { width, hidden, experts: count, selected });
  requireActivation('experts', activation);
  if (selected > count) {
    throw new DomainError(`experts: at most ${count} can be selected, got ${selected}`);
  }
  const router = { weight: 'Wr', bias: 'br' };
  const names = Array.from({ length: count }, (_, e) => `experts.${e}`);
  const each = names.map((name) => gatedSites(`${name}.`));
  return {
    kind: 'experts',
    width,
    outputWidth: width,
    shapes: {
      Wr: weightShape(count, width),
      ...Object.assign(
        {},
        ...names.map((name) => prefixed(name, gatedShapes(width, hidden, false))),
      ),
    },
    inputs: [router, ...each.flatMap(({ gate, up }) => [gate, up])],
    outputs: each.map(({ down }) => down),
    forward(tools, z) {
      const { on, linear } = tools;
      const p = on.apply(topKRouting(selected), linear(router, z));
      const parts = each.map((sites, e) => {
        const hid = gatedHidden(tools, sites, activation, z);
        return linear(sites.down, on.apply(weightRows, hid, on.apply(column(e), p)));
      });
      return parts.reduce((sum, part) => on.apply(add, sum, part));
    },
    choice(passed) {
      const [route] = routing(rowMatrix(passed(router).output), selected);
      const chosen = each.filter((_, e) => route.selected.includes(e));
      const sites = [router, ...chosen.flatMap(({ gate, up }) => [gate, up])];
      return { sites, router, margin: route.margin };
    },
  };
}
