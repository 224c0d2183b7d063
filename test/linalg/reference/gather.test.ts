import { test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { addToTakenRows, copyColumns, takeRows } from '../../../src/linalg/reference/gather.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, DRAWS, leavesAlone } from '../cases.ts';

test.each(DRAWS)(
  'rows are taken bit for bit, and what comes back is added in order: %s',
  (_, draw) => {
    const random = new Random(231);
    for (const [rows, cols, count] of [
      [1, 1, 1],
      [5, 3, 11],
      [7, 2, 0],
      [3, 0, 4],
    ]) {
      const indices = Float64Array.from({ length: count }, () => random.integer(rows));
      const [x, dy] = [draw(random, rows * cols), draw(random, count * cols)];
      const [y, dx] = [blank(count * cols), blank(rows * cols)];
      leavesAlone([x, dy, indices], () => {
        takeRows(x, indices, y, cols);
        addToTakenRows(dy, indices, dx, cols);
      });
      const label = `seed 231, ${rows}x${cols}, ${count} taken`;
      assertSameBits(
        y,
        Array.from(indices, (k) => [...x.subarray(k * cols, (k + 1) * cols)]).flat(),
        `taken, ${label}`,
      );
      const sums = dx.map((_, at) => {
        const [k, j] = [Math.floor(at / cols), at % cols];
        const users = Array.from(indices.keys()).filter((i) => indices[i] === k);
        return ascending(users.map((i) => dy[i * cols + j]));
      });
      assertSameBits(dx, sums, `added, ${label}`);
    }
  },
);

test('a run of columns is copied and nothing else is written', () => {
  const source = Float64Array.of(1, 2, 3, 4, 5, 6, -0, NaN);
  const target = new Float64Array(6).fill(9);
  leavesAlone([source], () =>
    copyColumns({ data: source, cols: 4, from: 2 }, { data: target, cols: 3, from: 0 }, 2, 2),
  );
  assertSameBits(target, [3, 4, 9, -0, NaN, 9], 'target');
});
