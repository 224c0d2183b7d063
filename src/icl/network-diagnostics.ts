/**
 * What the patches of a network look like, site by site: sizes, angles, ranks.
 *
 * @module
 */
import { type RankOne, rankOneNorm, ShapeError } from '../linalg/index.ts';
import { type Network, type Parameters, part } from '../model/index.ts';
import { type Alignments, alignmentMatrix } from './alignment.ts';
import { type NetworkPatch, requireKeep } from './network-patch.ts';
import { normRatio, robustness, steeringShare } from './update-norms.ts';
import { entropyRank, numericalRank, stableRank, updateSpectrum } from './update-rank.ts';

/** One site of one block; lists have an entry for each of `tokens`. */
export interface SiteDiagnostics {
  readonly block: number;
  /** The name of the weight. */
  readonly site: string;
  /** The retained tokens whose own patch changes this site, by their place among them. */
  readonly tokens: readonly number[];
  /** ‖ΔW‖_F, which is ‖ΔW‖₂ too. */
  readonly norms: readonly number[];
  /** ‖ΔW‖_F/‖W‖_F. */
  readonly normRatios: readonly (number | null)[];
  /** ‖s′ − s‖/‖s‖ of what the site reads; null at output sites, whose change does not come from there. */
  readonly robustness: readonly (number | null)[];
  /** Between the tokens. */
  readonly alignments: Alignments;
  /** Of Σ ΔW over the tokens. */
  readonly numericalRank: number;
  readonly stableRank: number | null;
  readonly entropyRank: number | null;
}

/** One block; an entry for each of `tokens`. */
export interface BlockDiagnostics {
  readonly block: number;
  readonly tokens: readonly number[];
  /** ‖Δb2‖/‖out′ − out‖; null where the patch changes no output bias. */
  readonly steeringShares: readonly (number | null)[];
}

/** One token's updates at sites of one name and shape, block by block. */
export interface BlocksDiagnostics {
  readonly token: number;
  readonly site: string;
  /** The blocks that have one. */
  readonly blocks: readonly number[];
  readonly alignments: Alignments;
}

export interface NetworkDiagnostics {
  readonly sites: readonly SiteDiagnostics[];
  readonly blocks: readonly BlockDiagnostics[];
  /** Only where at least two blocks can be compared. */
  readonly betweenBlocks: readonly BlocksDiagnostics[];
}

/**
 * The diagnostics of section 8 for every block and site of a `NetworkPatch`. A patch that is used at several
 * tokens (mode everywhere) is measured once, at the last token, from which it comes.
 *
 * `keep` are the retained tokens that the patch was made for. Differences are those that the patch was made
 * from: between the block before its patch in the patched run, and the contextual one.
 *
 * Error: that of the functions used; see `alignment.ts`, `update-norms.ts`, `update-rank.ts`.
 *
 * @throws DomainError if `keep` are not ascending tokens. @throws ShapeError if the patch is not of as many
 * blocks and tokens.
 */
export function networkDiagnostics(
  network: Network,
  parameters: Parameters,
  keep: readonly number[],
  found: NetworkPatch,
): NetworkDiagnostics {
  const { blocks } = network;
  requireKeep('networkDiagnostics', keep, found.contextual[0]?.length ?? 0);
  const odd = found.patches.find((layer) => layer.length !== keep.length);
  if (found.patches.length !== blocks.length || odd) {
    throw new ShapeError(
      `networkDiagnostics: patches of ${blocks.length} blocks and ${keep.length} tokens are required, got ` +
        `${found.patches.length} and ${odd?.length ?? keep.length}`,
    );
  }
  const sites: SiteDiagnostics[] = [];
  const shares = blocks.map(({ feedForward }, l): BlockDiagnostics => {
    const own = part(network.own(parameters, l), 'mlp');
    const tokens = ownTokens(found, l);
    const runs = (i: number) => [found.actual[l][i], found.contextual[l][keep[i]]] as const;
    for (const site of [...feedForward.inputs, ...feedForward.outputs]) {
      const { weight } = site;
      const at = tokens.filter((i) => found.patches[l][i]?.weights[weight]);
      if (at.length === 0) continue;
      const updates = at.map((i) => updateAt(found, l, i, weight));
      sites.push({
        ...{ block: l, site: weight, tokens: at },
        norms: updates.map(rankOneNorm),
        normRatios: updates.map((update) => normRatio(update, own[weight])),
        robustness: at.map((i) => {
          if (feedForward.outputs.includes(site)) return null;
          const [base, contextual] = runs(i);
          return robustness(base.sites[weight].input, contextual.sites[weight].input);
        }),
        alignments: alignmentMatrix(updates),
        ...ranksOf(updates),
      });
    }
    const [first] = feedForward.outputs;
    const steeringShares = tokens.map((i) => {
      const shift = found.patches[l][i]?.biases[first.bias];
      const [base, contextual] = runs(i);
      return shift ? steeringShare(shift, base.output, contextual.output) : null;
    });
    return { block: l, tokens, steeringShares };
  });
  return { sites, blocks: shares, betweenBlocks: betweenBlocks(found, sites) };
}

/** The tokens of block l with a patch that no later token shares. */
const ownTokens = ({ patches }: NetworkPatch, l: number): number[] =>
  patches[l].flatMap((patch, i) => (patch && patches[l].lastIndexOf(patch) === i ? [i] : []));

function updateAt({ patches }: NetworkPatch, l: number, i: number, weight: string): RankOne {
  const update = patches[l][i]?.weights[weight];
  if (!update) throw new ShapeError(`networkDiagnostics: block ${l} has no update of ${weight}`);
  return update;
}

function ranksOf(
  updates: readonly RankOne[],
): Pick<SiteDiagnostics, 'numericalRank' | 'stableRank' | 'entropyRank'> {
  const spectrum = updateSpectrum(updates);
  return {
    numericalRank: numericalRank(spectrum),
    stableRank: stableRank(spectrum),
    entropyRank: entropyRank(spectrum),
  };
}

/** The rows of all tokens: sites of one name and one shape, in at least two blocks. */
function betweenBlocks(
  found: NetworkPatch,
  sites: readonly SiteDiagnostics[],
): BlocksDiagnostics[] {
  const groups = new Map<string, { token: number; site: string; blocks: number[] }>();
  for (const { block, site, tokens } of sites) {
    for (const token of tokens) {
      const { p, v } = updateAt(found, block, token, site);
      const key = `${token} ${site} ${p.length}x${v.length}`;
      const group = groups.get(key) ?? { token, site, blocks: [] };
      group.blocks.push(block);
      groups.set(key, group);
    }
  }
  return [...groups.values()]
    .filter(({ blocks }) => blocks.length > 1)
    .map(({ token, site, blocks }) => {
      const updates = blocks.map((l) => updateAt(found, l, token, site));
      return { token, site, blocks, alignments: alignmentMatrix(updates) };
    });
}
