import { expect, test } from 'vitest';
import { DomainError } from '../../src/linalg/index.ts';
import { sinusoidalPositions } from '../../src/model/index.ts';

test('entries are sines and cosines of waves from 2π to 10000·2π', () => {
  const { rows, cols, data } = sinusoidalPositions(200, 7);
  expect([rows, cols]).toEqual([200, 7]);
  for (let t = 0; t < rows; t++) {
    for (let c = 0; c < cols; c++) {
      const angle = t / 10000 ** ((c - (c % 2)) / cols);
      const expected = c % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      // A few ulp of the angle, here and in the library of the test.
      expect(Math.abs(data[t * cols + c] - expected)).toBeLessThanOrEqual(8 * 200 * 2 ** -53);
    }
  }
});

test.each([0, -1, 1.5, Number.NaN])('a size of %s is refused', (size) => {
  expect(() => sinusoidalPositions(size, 4)).toThrow(DomainError);
  expect(() => sinusoidalPositions(4, size)).toThrow(DomainError);
});
