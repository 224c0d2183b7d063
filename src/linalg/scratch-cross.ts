import * as twinsA from './reference/activations.ts';
import * as twinsE from './reference/elementwise.ts';
import { exp as expOne } from './special/exp.ts';
import * as fastA from './wasm/activations.ts';
import * as fastE from './wasm/elementwise.ts';
import { arena } from './wasm/memory.ts';
import { exp as fastExp } from './wasm/softmax.ts';

const which = process.argv[2] ?? 'act';
const sizes = (process.argv[3] ?? '4,8,16,32,64,128,256,1024,4096,16384,65536,1000000')
  .split(',')
  .map(Number);
const room = arena();
const mark = room.used;
type F = (x: Float64Array, y: Float64Array, out: Float64Array) => void;
const acts = ['gelu', 'tanh', 'silu', 'sigmoid', 'geluTanh', 'eluPlusOne', 'softplus'] as const;
const list: [string, F, F][] =
  which === 'act'
    ? [
        ...acts.map(
          (n) =>
            [
              n,
              (x: any, y: any, o: any) => twinsA[n](x, y, o),
              (x: any, y: any, o: any) => fastA[n](x, y, o),
            ] as [string, F, F],
        ),
        [
          'exp',
          (x, _y, o) => {
            for (let i = 0; i < o.length; i++) o[i] = expOne(x[i]);
          },
          (x, _y, o) => fastExp(x, o),
        ],
      ]
    : [
        ...(['add', 'subtract', 'multiply', 'reluBackward'] as const).map(
          (n) =>
            [
              n,
              (x: any, y: any, o: any) => twinsE[n](x, y, o),
              (x: any, y: any, o: any) => fastE[n](x, y, o),
            ] as [string, F, F],
        ),
        ['relu', (x, _y, o) => twinsE.relu(x, o), (x, _y, o) => fastE.relu(x, o)],
        ['scale', (x, _y, o) => twinsE.scale(0.3, x, o), (x, _y, o) => fastE.scale(0.3, x, o)],
        [
          'addToRows32',
          (x, y, o) =>
            twinsE.addToRows(
              x,
              y.subarray(0, Math.min(32, x.length)),
              o,
              Math.max(1, x.length / 32),
            ),
          (x, y, o) =>
            fastE.addToRows(
              x,
              y.subarray(0, Math.min(32, x.length)),
              o,
              Math.max(1, x.length / 32),
            ),
        ],
        [
          'sumOfRows32',
          (x, _y, o) =>
            twinsE.sumOfRows(x, o.subarray(0, Math.min(32, x.length)), Math.max(1, x.length / 32)),
          (x, _y, o) =>
            fastE.sumOfRows(x, o.subarray(0, Math.min(32, x.length)), Math.max(1, x.length / 32)),
        ],
      ];
function time(f: () => void, n: number) {
  const reps = Math.max(1, Math.ceil(20000 / n));
  for (let i = 0; i < Math.min(3000, 4 * reps); i++) f();
  let best = Infinity;
  for (let t = 0; t < 25; t++) {
    const t0 = performance.now();
    for (let i = 0; i < reps; i++) f();
    best = Math.min(best, (performance.now() - t0) / reps);
  }
  return best * 1e6;
}
// warm
{
  const x = new Float64Array(4096).fill(0.3),
    y = x.slice(),
    o = x.slice();
  for (let i = 0; i < 300; i++)
    for (const [, t, w] of list) {
      t(x, y, o);
      w(x, y, o);
    }
  await new Promise((r) => setTimeout(r, 500));
}
for (const [name, twin, wasm] of list)
  for (const n of sizes) {
    const mk = () =>
      Float64Array.from(
        { length: n },
        () => 3 * (Math.random() + Math.random() + Math.random() - 1.5),
      );
    const [x, y, o] = [mk(), mk(), mk()];
    room.release(mark);
    if (!room.fits(3 * n + 100000)) throw new Error();
    const [rx, ry, ro] = [room.take(n), room.take(n), room.take(n)];
    rx.set(x);
    ry.set(y);
    const a = time(() => twin(x, y, o), n),
      c = time(() => wasm(x, y, o), n),
      r = time(() => wasm(rx, ry, ro), n),
      tr = time(() => twin(rx, ry, ro), n);
    console.log(
      name.padEnd(13),
      String(n).padStart(8),
      'twin',
      (a / n).toFixed(2),
      'wasm+copies',
      (c / n).toFixed(2),
      'resident',
      (r / n).toFixed(2),
      'twin resident',
      (tr / n).toFixed(2),
      '| ns total',
      a.toFixed(0),
      c.toFixed(0),
      r.toFixed(0),
    );
  }
