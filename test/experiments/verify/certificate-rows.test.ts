import { afterEach, expect, test, vi } from 'vitest';
import { CERTIFICATES } from '../../../src/experiments/verify/certificates.ts';
import type { VerifyRow } from '../../../src/experiments/verify/row.ts';

/** What every patch is multiplied by, and every R: 1, or a mistake; and whether the verifier looks at all. */
const planted = vi.hoisted(() => ({ patch: 1, R: 1, looks: true }));

vi.mock('../../../src/icl/patch-weight.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/patch-weight.ts')>();
  const patchWeight: typeof own.patchWeight = (...site) => {
    const { p, v } = own.patchWeight(...site);
    return { p: p.map((entry) => planted.patch * entry), v };
  };
  return { ...own, patchWeight };
});

vi.mock('../../../src/icl/certificate.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/certificate.ts')>();
  const certify: typeof own.certify = (...all) => {
    const found = own.certify(...all);
    const blocks = found.blocks.map((layer) =>
      layer.map((stated) => stated && { ...stated, output: planted.R * stated.output }),
    );
    return { ...found, blocks };
  };
  return { ...own, certify };
});

vi.mock('../../../src/icl/certificate-verifier.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/certificate-verifier.ts')>();
  const verifyCertificate: typeof own.verifyCertificate = (...all) =>
    planted.looks ? own.verifyCertificate(...all) : { confirmed: 1, largest: 0.5 };
  return { ...own, verifyCertificate };
});

afterEach(() => {
  Object.assign(planted, { patch: 1, R: 1, looks: true });
});

const run = (): VerifyRow[] => CERTIFICATES.map((each) => each.run(12, 20260));

/** Whether each row holds; false where it throws. */
const verdicts = (): boolean[] =>
  CERTIFICATES.map((each) => {
    try {
      return each.run(12, 20260).ok;
    } catch {
      return false;
    }
  });

test('every row on certificates holds, with its wrong patch and a refused certificate a trial', () => {
  const rows = run();
  expect(rows.map(({ ok }) => ok)).toEqual(CERTIFICATES.map(() => true));
  expect(run()).toEqual(rows);
  const [stack, ...wirings] = rows;
  expect(stack.trials).toBe(5);
  expect(stack.negativeControls.map(({ name }) => name)).toEqual(['shift turned round']);
  expect(stack.refused).toEqual({ CertificateError: 1 });
  expect(wirings.map(({ block }) => block)).toEqual(['v1-skip', 'residual', 'pre-ln', 'post-ln']);
  for (const { trials, negativeControls, refused } of wirings) {
    expect(trials).toBe(7);
    expect(negativeControls.map(({ name }) => name)).toEqual(['no shift of b2']);
    expect(refused).toEqual({ CertificateError: trials });
  }
});

test('with patches a millionth too large, radii a thousand times too small, or a verifier that does not look, all rows fail', () => {
  for (const mistake of [{ patch: 1 + 1e-6 }, { R: 1e-3 }, { looks: false }]) {
    Object.assign(planted, { patch: 1, R: 1, looks: true }, mistake);
    expect(verdicts(), JSON.stringify(mistake)).toEqual(CERTIFICATES.map(() => false));
  }
});
