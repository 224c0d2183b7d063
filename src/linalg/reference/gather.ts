/**
 * Plain twins that move rows and columns: copies without rounding, and the sums they transpose to.
 *
 * Row numbers are Float64Arrays of integers, since kernels know no other kind of array. Sizes and
 * indices are trusted.
 *
 * @module
 */

/** out[i,:] = x[indices[i],:], rows of `cols` numbers. */
export function takeRows(
  x: Float64Array,
  indices: Float64Array,
  out: Float64Array,
  cols: number,
): void {
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * cols;
    for (let j = 0; j < cols; j++) out[i * cols + j] = x[from + j];
  }
}

/** out[k,:] = Σ dy[i,:] over the i with indices[i] = k, i ascending from +0: what `takeRows` transposes to. */
export function addToTakenRows(
  dy: Float64Array,
  indices: Float64Array,
  out: Float64Array,
  cols: number,
): void {
  out.fill(0);
  for (let i = 0; i < indices.length; i++) {
    const to = indices[i] * cols;
    for (let j = 0; j < cols; j++) out[to + j] += dy[i * cols + j];
  }
}

/** A run of columns in a row-major matrix. */
export interface ColumnRun {
  readonly data: Float64Array;
  /** Columns of the matrix. */
  readonly cols: number;
  /** The first column of the run. */
  readonly from: number;
}

/** Copies `width` columns of `rows` rows; the rest of `target` stays as it is. */
export function copyColumns(
  source: ColumnRun,
  target: ColumnRun,
  rows: number,
  width: number,
): void {
  for (let i = 0; i < rows; i++) {
    const from = i * source.cols + source.from;
    const to = i * target.cols + target.from;
    for (let j = 0; j < width; j++) target.data[to + j] = source.data[from + j];
  }
}
