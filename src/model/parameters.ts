/**
 * Parameters: a plain record from name to matrix.
 *
 * Names are dotted paths (`attention.Wq`, `mlp.W1`), so a whole network is one flat record that an
 * optimiser walks, a file stores and a proof reads. A linear map y = W·s is stored [out, in]; a
 * bias is one row. Each part of a model states the names, shapes and fan-in that it needs.
 *
 * @module
 */
import {
  DomainError,
  type Matrix,
  matrix,
  type Random,
  requireFinite,
  requireMatrix,
  ShapeError,
} from '../linalg/index.ts';

/** Values by name: matrices, or variables on a tape. */
export type Parameters<V = Matrix> = Readonly<Record<string, V>>;

/** The shape of one parameter, and its first value: drawn by fan-in, or a constant. */
export interface ParameterShape {
  readonly rows: number;
  readonly cols: number;
  /** Entries are drawn from U(−1/√fanIn, 1/√fanIn). */
  readonly fanIn: number;
  /** If given, every entry is this instead, and nothing is drawn. */
  readonly constant?: number;
  /** If given, entry (row, col) is this instead, and nothing is drawn. */
  readonly start?: (row: number, col: number) => number;
}

export type ParameterShapes = Readonly<Record<string, ParameterShape>>;

/** The weight of a linear map from `inputs` to `outputs` numbers. */
export const weightShape = (outputs: number, inputs: number): ParameterShape => ({
  rows: outputs,
  cols: inputs,
  fanIn: inputs,
});

/** The bias of a linear map from `inputs` to `outputs` numbers. */
export const biasShape = (outputs: number, inputs: number): ParameterShape => ({
  rows: 1,
  cols: outputs,
  fanIn: inputs,
});

/** A parameter that begins as a constant: the gain (1) or the shift (0) of a norm. */
export const constantShape = (rows: number, cols: number, constant: number): ParameterShape => ({
  rows,
  cols,
  fanIn: cols,
  constant,
});

/** A record with every name put below `prefix`. */
export function prefixed<V>(
  prefix: string,
  record: Readonly<Record<string, V>>,
): Readonly<Record<string, V>> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [`${prefix}.${name}`, value]),
  );
}

/** The parameters below `prefix`, with the prefix taken off. */
export function part<V>(parameters: Parameters<V>, prefix: string): Parameters<V> {
  const start = `${prefix}.`;
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.startsWith(start))
      .map(([name, value]) => [name.slice(start.length), value]),
  );
}

/** Parameters of the given shapes: what they start as, or entries from U(−1/√fanIn, 1/√fanIn) in order. */
export function initialise(shapes: ParameterShapes, random: Random): Parameters {
  return mapParameters(shapes, ({ rows, cols, fanIn, constant, start }) => {
    const value = matrix(rows, cols);
    const limit = 1 / Math.sqrt(fanIn);
    if (start) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) value.data[i * cols + j] = start(i, j);
      }
    } else if (constant === undefined) random.fillUniform(value.data, -limit, limit);
    else value.data.fill(constant);
    return value;
  });
}

/**
 * Refuses parameters that are not exactly those of `shapes`, all finite; those of `optional` may be there.
 *
 * @throws DomainError naming a parameter that is missing or unknown.
 * @throws ShapeError naming one of another shape.
 * @throws NonFiniteError naming one with a NaN or an infinity.
 */
export function requireParameters(
  caller: string,
  shapes: ParameterShapes,
  parameters: Parameters,
  optional: ParameterShapes = {},
): void {
  const present = Object.entries(optional).filter(([name]) => Object.hasOwn(parameters, name));
  const all = { ...Object.fromEntries(present), ...shapes };
  for (const [name, { rows, cols }] of Object.entries(all)) {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined) {
      throw new DomainError(`${caller}: parameter ${name} (${rows}x${cols}) is required, got none`);
    }
    requireMatrix(caller, `parameter ${name}`, value);
    if (value.rows !== rows || value.cols !== cols) {
      throw new ShapeError(
        `${caller}: parameter ${name} must be ${rows}x${cols}, got ${value.rows}x${value.cols}`,
      );
    }
    requireFinite(caller, `parameter ${name}`, value.data);
  }
  for (const name of Object.keys(parameters)) {
    if (!Object.hasOwn(all, name)) {
      const known = Object.keys(shapes).join(', ');
      throw new DomainError(`${caller}: parameters ${known} are required, got also ${name}`);
    }
  }
}

/** `f` of every parameter, under the same names. */
export function mapParameters<V, R>(
  parameters: Parameters<V>,
  f: (value: V, name: string) => R,
): Parameters<R> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, f(value, name)]),
  );
}
