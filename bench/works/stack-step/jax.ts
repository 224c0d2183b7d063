/**
 * The step in jax-js: loss, gradient and Adam in one compiled function, all rows of every layer.
 *
 * Every use of an array but its last is of `.ref`: that is how jax-js counts who still needs it.
 *
 * @module
 */
import { type Floats, type Jax, type JaxArray, jax } from '../../contestants/jax.ts';
import type { Program } from '../../runner/contract.ts';
import { joined } from '../../runner/errors.ts';
import { dataFor, EPSILON, LEARNING_RATE, parametersFor, type StackSizes } from './task.ts';

type Arrays = Record<string, JaxArray>;
type State = { theta: Arrays; m: Arrays; v: Arrays };

export async function jaxStep(floats: Floats, sizes: StackSizes): Promise<Program> {
  const library = await jax();
  const { numpy: np, jit, valueAndGrad, tree } = library;
  const lossAndGrads = valueAndGrad(lossFor(library, sizes));

  const step = jit((state: State, rates: JaxArray, x: JaxArray, y: JaxArray) => {
    const [loss, grads] = lossAndGrads(tree.ref(state.theta), x, y);
    return { loss, grads: tree.ref(grads), state: adam(library, state, grads, rates) };
  });
  const array = (data: Float64Array, shape: number[]): JaxArray =>
    np.array(floats.from(data), { shape });
  const { x, y } = dataFor(sizes);
  const zeros = (): Arrays =>
    arraysFor(sizes, (data, shape) =>
      array(
        data.map(() => 0),
        shape,
      ),
    );
  let state: State = { theta: arraysFor(sizes, array), m: zeros(), v: zeros() };
  let t = 0;
  const advance = (): { loss: number; grads: Arrays } => {
    t++;
    // The step size and √(1 − β₂ᵗ) change from step to step, so they are arguments of what is compiled.
    const correction = Math.sqrt(1 - 0.999 ** t);
    const rates = array(Float64Array.of(LEARNING_RATE / (1 - 0.9 ** t), correction), [2]);
    const next = step(state, rates, array(x.data, [x.rows, x.cols]), array(y.data, [y.rows]));
    state = next.state;
    return { loss: next.loss.dataSync()[0], grads: next.grads };
  };
  return {
    run: () => {
      const { loss, grads } = advance();
      tree.dispose(grads);
      return loss;
    },
    result: () => {
      const { loss, grads } = advance();
      const names = Object.keys(parametersFor(sizes));
      return joined([[loss], ...names.map((name) => grads[name].dataSync())]);
    },
  };
}

/** Every parameter made into an array: matrices [out, in], rows without their first axis. */
function arraysFor(
  sizes: StackSizes,
  make: (data: Float64Array, shape: number[]) => JaxArray,
): Arrays {
  return Object.fromEntries(
    Object.entries(parametersFor(sizes)).map(([name, { rows, cols, data }]) => [
      name,
      make(data, rows === 1 ? [cols] : [rows, cols]),
    ]),
  );
}

/** One step of Adam; `rates` are η/(1 − β₁ᵗ) and √(1 − β₂ᵗ). */
function adam({ numpy: np }: Jax, before: State, grads: Arrays, rates: JaxArray): State {
  const [rate, correction] = np.split(rates, 2);
  const after: State = { theta: {}, m: {}, v: {} };
  for (const name of Object.keys(before.theta)) {
    const g = grads[name];
    const m = before.m[name].mul(0.9).add(g.ref.mul(1 - 0.9));
    const v = before.v[name].mul(0.999).add(np.square(g).mul(1 - 0.999));
    const divisor = np.sqrt(v.ref).div(correction.ref).add(1e-8);
    after.theta[name] = before.theta[name].sub(m.ref.mul(rate.ref).div(divisor));
    after.m[name] = m;
    after.v[name] = v;
  }
  rate.dispose();
  correction.dispose();
  return after;
}

function lossFor({ numpy: np, nn }: Jax, sizes: StackSizes) {
  const { layers, batch, tokens, width, heads } = sizes;
  const e = width / heads;
  const linear = (x: JaxArray, W: JaxArray): JaxArray => np.matmul(x, np.transpose(W));
  const norm = (x: JaxArray, g: JaxArray, b: JaxArray): JaxArray =>
    nn.standardize(x, -1, { epsilon: EPSILON }).mul(g).add(b);
  const split = (x: JaxArray): JaxArray => x.reshape([batch, tokens, heads, e]);

  return (theta: Arrays, sequences: JaxArray, targets: JaxArray): JaxArray => {
    let x = sequences;
    for (let i = 0; i < layers; i++) {
      const p = (name: string): JaxArray => theta[`${i}.${name}`];
      const normed = norm(x.ref, p('norm1.g'), p('norm1.b'));
      const q = split(linear(normed.ref, p('Wq')));
      const k = split(linear(normed.ref, p('Wk')));
      const v = split(linear(normed, p('Wv')));
      const mixed = nn.dotProductAttention(q, k, v, { isCausal: true });
      const r = x.add(linear(mixed.reshape([batch * tokens, width]), p('Wo')));
      const z = norm(r.ref, p('norm2.g'), p('norm2.b'));
      const h = nn.gelu(linear(z, p('W1')).add(p('b1')), { approximate: false });
      x = r.add(linear(h, p('W2')).add(p('b2')));
    }
    const read = x.reshape([batch, tokens, width]).slice([], -1, -1);
    return np.mean(np.square(read.sub(targets)));
  };
}
