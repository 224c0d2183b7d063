import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FormatError, readNpy, writeNpy } from '../../src/io/index.ts';
import { ShapeError } from '../../src/linalg/index.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { assertSameBits } from '../support/same-bits.ts';

const path = (): string => join(temporaryFolder(), 'x.npy');

test.each([
  // numpy.lib.format.write_array_header_1_0 of NumPy 2.4.6 gives these 128 bytes.
  [[2, 3], "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"],
  [[3], "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"],
  [[], "{'descr': '<f8', 'fortran_order': False, 'shape': (), }"],
])('the bytes of an array of shape [%s] are those of NumPy', (shape, header) => {
  const data = Float64Array.of(1, -2, 0.5, 4, 5, 6).subarray(
    0,
    shape.reduce((p, n) => p * n, 1),
  );
  const file = path();
  writeNpy(file, { shape, data });
  const start = Uint8Array.of(0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0);
  const numbers = new Uint8Array(data.slice().buffer);
  expect(readFileSync(file)).toEqual(
    Buffer.concat([start, Buffer.from(`${header.padEnd(117)}\n`), numbers]),
  );
});

test('what is written is read again to the bit, NaN, infinities and empty arrays too', () => {
  const hostile = [0, -0, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, 1 / 3, 1e300];
  const large = Array.from({ length: 2 ** 16 + 1 }, (_, i) => Math.sqrt(i));
  for (const [shape, values] of [
    [[2, 2, 2], hostile],
    [[2 ** 16 + 1], large],
    [[0], []],
    [[3, 0, 2], []],
    [[], [7]],
    [Array(60).fill(1), [7]],
  ] as const) {
    const file = path();
    writeNpy(file, { shape, data: Float64Array.from(values) });
    expect(readFileSync(file).indexOf('\n') % 64).toBe(63);
    const read = readNpy(file);
    expect(read.shape).toEqual(shape);
    assertSameBits(read.data, values, `[${shape}]`);
  }
});

test('a shape that does not fit is refused before anything is written', () => {
  const folder = temporaryFolder();
  for (const shape of [[2, 2], [], [0.5, 6], [-1, -3]]) {
    const write = (): void => {
      writeNpy(join(folder, 'x.npy'), { shape, data: new Float64Array(3) });
    };
    expect(write).toThrow(ShapeError);
    expect(write).toThrow(/writeNpy: \[.*\] needs/);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('other versions, orders and dtypes, cut and lengthened files are refused by name', () => {
  const file = path();
  writeNpy(file, { shape: [2], data: Float64Array.of(1, 2) });
  const bytes = readFileSync(file);
  const text = bytes.toString('latin1');
  for (const broken of [
    text.slice(0, 4),
    text.slice(0, 60),
    text.slice(0, -1),
    `${text} `,
    text.replace('NUMPY\x01', 'NUMPY\x02'),
    text.replace('<f8', '>f8'),
    text.replace('<f8', '<f4'),
    text.replace('False', 'True '),
    text.replace('(2,)', '(3,)'),
    text.replace('(2,)', '(2 )'),
    text.replace('(2,)', '(9)a'),
  ]) {
    writeFileSync(file, Buffer.from(broken, 'latin1'));
    expect(() => readNpy(file)).toThrow(FormatError);
    expect(() => readNpy(file)).toThrow(`readNpy: ${file}`);
  }
});
