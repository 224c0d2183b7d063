/**
 * Parameters out of the tensors of a checkpoint, and back into them.
 *
 * @module
 */
import { type Matrix, matrix } from '../../linalg/index.ts';
import type { Parameters } from '../../model/index.ts';
import { quoted, type Refuse, refusing } from '../format-error.ts';
import type { Tensor, TensorSource } from '../safetensors-reader.ts';
import type { Description, Prefix } from './description.ts';
import type { Place } from './places.ts';

/** Where tensors come from: a file, several, or memory. */
export type Tensors = Pick<TensorSource, 'tensors' | 'read'>;

/** A checkpoint's parameters, and what stands before the names of its tensors. */
export interface Loaded {
  readonly parameters: Parameters;
  readonly prefix: Prefix;
}

/**
 * Every parameter of a described model, each tensor read once. Nothing is read before every tensor is known to be
 * there in its shape, and to be expected.
 *
 * @throws FormatError naming the tensor that is missing, of another shape, not expected, or a copy of the embeddings that
 * differs from them; or as the source throws.
 */
export function loadParameters(description: Description, source: Tensors, path: string): Loaded {
  const refuse = refusing('loadParameters', path);
  const prefix = prefixOf(description, source, refuse);
  const users = new Map<string, (readonly [name: string, place: Place])[]>();
  for (const [name, place] of Object.entries(description.places)) {
    const tensor = fullName(place, prefix);
    requireTensor(source, tensor, place.shape, refuse);
    users.set(tensor, [...(users.get(tensor) ?? []), [name, place]]);
  }
  const copy =
    description.copyOfEmbeddings === null ? null : prefix.head + description.copyOfEmbeddings;
  requireUsed(description, source, (name) => users.has(name) || name === copy, refuse);
  const found = new Map<string, Matrix>();
  for (const [tensor, own] of users) {
    const { data } = source.read(tensor);
    for (const [name, place] of own) {
      found.set(name, parameterOf(description.model.shapes[name], place, data));
    }
  }
  const names = Object.keys(description.model.shapes);
  const parameters = Object.fromEntries(
    names.flatMap((name) => {
      const value = found.get(name);
      return value ? [[name, value]] : [];
    }),
  );
  if (copy !== null && source.tensors.has(copy)) {
    requireTensor(source, copy, description.places['E'].shape, refuse);
    requireCopy(source, copy, parameters['E'], refuse);
  }
  return { parameters, prefix };
}

/**
 * The tensors of a checkpoint that hold these parameters, in the order of the parameters: what `loadParameters` reads.
 */
export function tensorsOf(
  { places }: Description,
  prefix: Prefix,
  parameters: Parameters,
): ReadonlyMap<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, place] of Object.entries(places)) {
    const tensor = fullName(place, prefix);
    const size = place.shape.reduce((product, each) => product * each, 1);
    const { shape, data } = tensors.get(tensor) ?? {
      shape: place.shape,
      data: new Float64Array(size),
    };
    const value = parameters[name];
    const { rows, cols } = asStored(value, place);
    for (let i = 0; i < rows; i++) {
      const { from, step } = lineOf({ rows, cols }, place, i);
      for (let j = 0; j < cols; j++) data[from + j * step] = value.data[i * cols + j];
    }
    tensors.set(tensor, { shape, data });
  }
  return tensors;
}

/** The tensor of a place in a checkpoint with this prefix. */
export const fullName = ({ tensor, head }: Place, prefix: Prefix): string =>
  `${head ? prefix.head : prefix.body}${tensor}`;

/** The first prefix with which the embeddings are there. */
function prefixOf({ prefixes, places }: Description, source: Tensors, refuse: Refuse): Prefix {
  const names = prefixes.map((prefix) => fullName(places['E'], prefix));
  const at = names.findIndex((name) => source.tensors.has(name));
  if (at < 0) {
    throw refuse(`tensor ${names.map(quoted).join(' or ')} is required`, 'none of that name');
  }
  return prefixes[at];
}

function requireTensor(
  { tensors }: Tensors,
  name: string,
  shape: readonly number[],
  refuse: Refuse,
): void {
  const found = tensors.get(name);
  if (found === undefined) {
    throw refuse(`tensor ${quoted(name)} of [${shape}] is required`, 'none of that name');
  }
  if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
    throw refuse(`tensor ${quoted(name)} must be [${shape}]`, `[${found.shape}]`);
  }
}

/** Tensors left over mean that the checkpoint is of another model than its configuration says. */
function requireUsed(
  { modelType, ignored }: Description,
  { tensors }: Tensors,
  used: (name: string) => boolean,
  refuse: Refuse,
): void {
  const over = [...tensors.keys()].filter(
    (name) => !used(name) && !ignored.some((pattern) => pattern.test(name)),
  );
  if (over.length > 0) {
    const some = over.slice(0, 3).map(quoted).join(', ');
    const more = over.length > 3 ? ` and ${over.length - 3} more` : '';
    throw refuse(`only tensors of this ${modelType} are allowed`, `also ${some}${more}`);
  }
}

function requireCopy(source: Tensors, name: string, embeddings: Matrix, refuse: Refuse): void {
  const { data } = source.read(name);
  const differs = data.findIndex((entry, i) => !Object.is(entry, embeddings.data[i]));
  if (differs >= 0) {
    throw refuse(
      `with option tie_word_embeddings tensor ${quoted(name)} must be the embeddings`,
      `${data[differs]} for ${embeddings.data[differs]} at entry ${differs}`,
    );
  }
}

/**
 * Rows and columns that are gathered together, so that a line of the cache is used up where a tensor is stored
 * transposed: 3072×768 in 8 ms, row by row in 7 to 16 (Node 20.20, EPYC, November 2026).
 */
const TILE = 32;

/** Where row i of a parameter lies in its tensor: at `from`, `from` + `step`, `from` + 2·`step` … */
interface Line {
  readonly from: number;
  readonly step: number;
}

function lineOf({ rows, cols }: Pick<Matrix, 'rows' | 'cols'>, place: Place, row: number): Line {
  const { transposed, fused } = place;
  const output = fused ? fused.at(row) : row;
  return transposed
    ? { from: output, step: fused?.outputs ?? rows }
    : { from: output * cols, step: 1 };
}

/** A parameter as its tensor has it: a row of numbers that is stored in one size has an output an entry. */
const asStored = <T extends Pick<Matrix, 'rows' | 'cols'>>({ rows, cols }: T, { shape }: Place) =>
  shape.length === 1 ? { rows: cols, cols: 1 } : { rows, cols };

function parameterOf(
  shape: Pick<Matrix, 'rows' | 'cols'>,
  place: Place,
  data: Float64Array,
): Matrix {
  if (!place.transposed && !place.fused) return matrix(shape.rows, shape.cols, data);
  const value = matrix(shape.rows, shape.cols);
  const { rows, cols } = asStored(shape, place);
  const lines = Array.from({ length: rows }, (_, i) => lineOf({ rows, cols }, place, i));
  for (let top = 0; top < rows; top += TILE) {
    for (let left = 0; left < cols; left += TILE) {
      const right = Math.min(left + TILE, cols);
      for (let i = top; i < Math.min(top + TILE, rows); i++) {
        const { from, step } = lines[i];
        for (let j = left; j < right; j++) value.data[i * cols + j] = data[from + j * step];
      }
    }
  }
  return value;
}
