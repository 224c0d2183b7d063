/**
 * A certificate: a statement on patched and contextual output in exact arithmetic, encoded and checked again.
 *
 * R, the number in the brackets, bounds the output of a block; behind it those of the sites that the patch makes
 * contextual. A smaller R says more; one smaller than what the verifier can show is refused.
 *
 *   npx tsx examples/08-a-certificate.ts
 *
 * @module
 */
import {
  certify,
  decodeCertificate,
  describeCertificate,
  encodeCertificate,
  initialise,
  llamaBlock,
  matrix,
  network,
  networkPatch,
  Random,
  verifyCertificate,
} from '../src/index.ts';

const block = llamaBlock({ width: 16, heads: 2, kvHeads: 1, hidden: 32 });
const net = network([block, block]);
const random = new Random(4);
const weights = initialise(net.shapes, random);
const prompt = matrix(8, 16);
random.fillNormal(prompt.data);
const keep = [7]; // the query; the seven tokens before it are taken away

const found = networkPatch(net, weights, prompt, keep);
const certificate = certify(net, weights, prompt, keep, found);
console.log(describeCertificate(certificate));

const bytes = encodeCertificate(certificate); // to be kept in a file
const { confirmed, largest } = verifyCertificate(net, weights, decodeCertificate(bytes));
console.log(
  `${bytes.length} bytes; ${confirmed} statements confirmed, at ${(100 * largest).toFixed(0)}% of what they allow`,
);

/** What the verifier says if every R of a block is `factor` times as large. */
function claim(factor: number): string {
  const blocks = certificate.blocks.map((layer) =>
    layer.map((stated) => stated && { ...stated, output: stated.output * factor }),
  );
  try {
    verifyCertificate(net, weights, { ...certificate, blocks });
    return 'confirmed';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
console.log(`with R a thousand times smaller: ${claim(1e-3)}`);
