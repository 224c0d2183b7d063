/**
 * Our patches against those of a file.
 *
 * @module
 */
import type { BlockPatch } from '../../src/model/index.ts';
import type { Agreement, Golden } from '../support/golden.ts';

/**
 * Compares a patch with the object of a golden file. What the file does not name must be absent, or 0
 * throughout; keys that begin with _ are diagnostics.
 */
export function comparePatch(
  where: string,
  { weights, biases, gains = {} }: BlockPatch,
  golden: Golden,
  agreement: Agreement,
): void {
  const named = new Set<string>();
  const weight = (name: string, { u, v }: Golden): void => {
    named.add(name);
    agreement.close(`${where}: ${name}.u`, weights[name]?.p, u);
    agreement.close(`${where}: ${name}.v`, weights[name]?.v, v);
  };
  for (const [name, expected] of Object.entries(golden) as [string, Golden][]) {
    if (name.startsWith('_')) continue;
    if (name === 'b2') {
      named.add('b2');
      agreement.close(`${where}: b2`, biases['b2'], expected);
    } else if (name === 'dscale') {
      agreement.close(`${where}: gain`, gains['post2'], expected);
    } else if (name === 'experts') {
      for (const [e, maps] of Object.entries(expected) as [string, Golden][]) {
        for (const [map, pair] of Object.entries(maps)) weight(`experts.${e}.${map}`, pair);
      }
    } else weight(name, expected);
  }
  const rest = [
    ...Object.entries(weights).map(([name, { p }]) => [name, p] as const),
    ...Object.entries(biases),
  ].filter(([name]) => !named.has(name));
  for (const [name, values] of rest) {
    agreement.holds(
      `${where}: ${name} is 0`,
      values.every((entry) => entry === 0),
    );
  }
}
