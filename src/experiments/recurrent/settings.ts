/**
 * The layers that take the place of attention in the toy, and every number that decides their figure beside
 * those of the toy.
 *
 * @module
 */
import { linear } from '../../autograd/index.ts';
import {
  type Block,
  type ContextualLayer,
  contextualBlock,
  diagonalStateSpaceLayer,
  elmanLayer,
  lstmLayer,
  type Parameters,
  part,
  prefixed,
  selectiveStateSpaceLayer,
  weightShape,
} from '../../model/index.ts';
import type { Setting, Values } from '../experiment.ts';
import { type ToySettings, toyBlock } from '../toy-settings.ts';

type Name = 'steps' | 'width' | 'diagonalStates' | 'selectiveStates';

export const RECURRENT_SETTINGS: Readonly<Record<Name, Setting>> = {
  steps: { value: 2000, quick: 10, help: 'steps of training of each recurrent layer' },
  width: { value: 32, help: 'entries of the state, channels of a state space layer' },
  diagonalStates: { value: 1, help: 'complex states of a channel of the diagonal layer' },
  selectiveStates: { value: 2, help: 'states of a channel of the selective layer' },
};

export type RecurrentValues = Values<typeof RECURRENT_SETTINGS>;

/** The values under names that are none of the toy's. */
export const ownValues = (values: RecurrentValues): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`recurrent ${name}`, value]));

/** In the order of the figure. Attention is the toy, trained as it is for figures 1 to 3. */
export const KINDS = ['attention', 'elman', 'lstm', 'diagonal', 'selective'] as const;

export type Kind = (typeof KINDS)[number];

export const NAMES: Readonly<Record<Kind, string>> = {
  attention: 'attention',
  elman: 'Elman',
  lstm: 'LSTM',
  diagonal: 'diagonal state space',
  selective: 'selective state space',
};

/** The toy with another layer in the place of its attention. */
export function recurrentBlock(kind: Kind, toy: ToySettings, values: RecurrentValues): Block {
  if (kind === 'attention') return toyBlock(toy);
  const tokenWidth = toy.dimension + 1;
  const { width, diagonalStates, selectiveStates } = values;
  const layers = {
    elman: () => elmanLayer({ tokenWidth, width }),
    lstm: () => lstmLayer({ tokenWidth, width }),
    diagonal: () =>
      embedded(diagonalStateSpaceLayer({ tokenWidth: width, states: diagonalStates }), tokenWidth),
    selective: () =>
      embedded(
        selectiveStateSpaceLayer({ tokenWidth: width, states: selectiveStates }),
        tokenWidth,
      ),
  };
  return contextualBlock({
    layer: layers[kind](),
    hidden: toy.hidden,
    outputWidth: tokenWidth,
    activation: 'relu',
  });
}

/** The layer on E·x in place of x, for a layer with as many channels as a token of its own has entries. */
function embedded(layer: ContextualLayer, tokenWidth: number): ContextualLayer {
  const inner = <V>(p: Parameters<V>): Parameters<V> => part(p, 'inner');
  return {
    name: layer.name,
    tokenWidth,
    width: layer.width,
    shapes: {
      E: weightShape(layer.tokenWidth, tokenWidth),
      ...prefixed('inner', layer.shapes),
    },
    atQuery: (on, p, tokens, batch) =>
      layer.atQuery(on, inner(p), on.apply(linear, tokens, p.E), batch),
    atEach: (on, p, tokens, batch) =>
      layer.atEach(on, inner(p), on.apply(linear, tokens, p.E), batch),
  };
}
