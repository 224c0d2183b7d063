/**
 * Training interrupted and restored.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { StateError } from '../../src/linalg/index.ts';
import { decodeState } from '../../src/model/state-bytes.ts';
import { Training } from '../../src/model/training.ts';
import { advanced, block, bytesOf, expectSameTraining, OPTIONS, restored } from './toy-training.ts';

test('interrupted at any step and restored, it is as if it had never been', () => {
  const whole = advanced(7);
  for (let at = 0; at <= 7; at++) {
    const training = restored(bytesOf(advanced(at)));
    expectSameTraining(training, advanced(at), `restored at ${at}`);
    while (training.step < 7) training.advance();
    expectSameTraining(training, whole, `interrupted at ${at}`);
  }
});

test('restored state is a copy: going on with one leaves the other', () => {
  const { arrays } = decodeState(bytesOf(advanced(2)));
  const [one, two] = [
    Training.restore(block, OPTIONS, arrays),
    Training.restore(block, OPTIONS, arrays),
  ];
  one.advance();
  for (const array of Object.values(arrays)) array.fill(NaN);
  expectSameTraining(two, advanced(2), 'the other');
});

test('restore names an array that is missing or has another length', () => {
  const arrays = advanced(2).arrays();
  expect(Object.keys(arrays).length).toBe(2 + 8 + 1 + 8 + 8);
  for (const [name, array] of Object.entries(arrays)) {
    const { [name]: _taken, ...rest } = arrays;
    const message = `Training.restore: array ${name} needs`;
    expect(() => Training.restore(block, OPTIONS, rest)).toThrow(message);
    expect(() => Training.restore(block, OPTIONS, rest)).toThrow(StateError);
    if (name === 'losses') continue; // any number of steps may have been taken
    for (const other of [array.slice(1), Float64Array.of(...array, 0), new Float64Array(0)]) {
      const run = (): unknown => Training.restore(block, OPTIONS, { ...arrays, [name]: other });
      expect(run, name).toThrow(`${message} ${array.length} numbers, got ${other.length}`);
      expect(run, name).toThrow(StateError);
    }
  }
});
