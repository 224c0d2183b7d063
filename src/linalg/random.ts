/**
 * Seeded random numbers: the same draws on every engine, browser and processor, and a state that
 * can be saved and resumed bit for bit. Not for cryptography.
 *
 * Generator: xoshiro256** 1.0 by D. Blackman and S. Vigna (Scrambled linear pseudorandom number
 * generators, ACM Trans. Math. Softw. 47, 2021), period 2²⁵⁶ − 1. Its four 64-bit words are kept as
 * eight 32-bit ones, upper before lower, because a draw on BigInt would be far slower.
 * Seeding: splitmix64 (Steele, Lea, Flood, OOPSLA 2014; constants of Vigna's splitmix64.c).
 *
 * @module
 */
import { log } from './special/log.ts';

const TWO_TO_53 = 9007199254740992;
const MASK_64 = 0xffff_ffff_ffff_ffffn;

/** 2⁶⁴ divided by the golden ratio, made odd: splitmix64 counts in steps of it. */
const GOLDEN_STEP = 0x9e37_79b9_7f4a_7c15n;

/** Length of `state()`: the eight words, whether a normal is kept, and that normal. */
const STATE_LENGTH = 10;

/**
 * No normal is larger: |v|·√(−2·ln s / s) ≤ √(−2·ln s), and the least s above 0 is 2⁻¹⁰⁴, since u
 * and v are multiples of 2⁻⁵². That is 12.008.
 */
const LARGEST_NORMAL = 12.01;

/** A generator of random numbers. */
export class Random {
  /** s0 upper, s0 lower, s1 upper, … as unsigned 32-bit words; never all zero. */
  readonly #words: Uint32Array = new Uint32Array(8);
  #hasSpare = false;
  /** The second normal of the last pair, or 0 when there is none. */
  #spare = 0;

  /**
   * A generator for `seed`, or for one of its independent `stream`s.
   *
   * With out(h) the output of splitmix64 that follows the state h: start at h = seed; for each
   * stream number n in turn, h ← (out(h) + n) mod 2⁶⁴; the four words are the first four outputs of
   * splitmix64 from h. So `new Random(seed)` is seeded as the authors advise; (seed), (seed, 0),
   * (seed, 1) and (seed, 0, 0) are unrelated, and the order of the stream numbers matters.
   *
   * @throws RangeError when the seed or a stream number is not an integer in 0 … 2⁵³ − 1.
   */
  constructor(seed: number, ...stream: number[]) {
    requireNatural('the seed', seed);
    let h = BigInt(seed);
    for (const n of stream) {
      requireNatural('a stream number', n);
      h = (splitmix64(h + GOLDEN_STEP) + BigInt(n)) & MASK_64;
    }
    for (let i = 0; i < 4; i++) {
      h += GOLDEN_STEP;
      const word = splitmix64(h);
      this.#words[2 * i] = Number(word >> 32n);
      this.#words[2 * i + 1] = Number(word & 0xffff_ffffn);
    }
  }

  /** A draw from [0, 1): the upper 53 bits of the next 64-bit output, times 2⁻⁵³. */
  uniform(): number {
    return nextBits53(this.#words) / TWO_TO_53;
  }

  /**
   * low + (high − low)·u for a uniform u: from [low, high), but for rounding, which may give `high`.
   *
   * @throws RangeError unless low ≤ high and their difference is finite.
   */
  between(low: number, high: number): number {
    requireInterval('between', low, high);
    return low + (high - low) * this.uniform();
  }

  /**
   * An integer from 0 … below − 1, all equally likely, 1 ≤ below ≤ 2⁵³ − 1.
   *
   * The 2⁵³ possible draws are cut into buckets of ⌊2⁵³ / below⌋; a draw beyond the last bucket is
   * thrown away. Rounding cannot spoil either floor: a quotient a / b of integers up to 2⁵³ that is
   * not an integer is at least 1/b below the next one, and half its ulp is less than that.
   *
   * @throws RangeError when `below` is not such an integer.
   */
  integer(below: number): number {
    if (!(Number.isSafeInteger(below) && below >= 1)) {
      throw new RangeError(
        `Random: integer(below) needs an integer from 1 to 2^53 - 1, got ${below}`,
      );
    }
    const bucket = Math.floor(TWO_TO_53 / below);
    for (;;) {
      const index = Math.floor(nextBits53(this.#words) / bucket);
      if (index < below) return index;
    }
  }

  /**
   * A draw from the normal distribution with mean 0 and variance 1.
   *
   * Marsaglia's polar method (SIAM Review 6, 1964): (u, v) uniform in the unit disc without its
   * centre, s = u² + v², gives the two independent normals u·√(−2·ln s / s) and v·√(−2·ln s / s). The
   * second one is kept for the next call.
   */
  normal(): number {
    if (this.#hasSpare) {
      const kept = this.#spare;
      this.#hasSpare = false;
      this.#spare = 0;
      return kept;
    }
    for (;;) {
      const u = nextBits53(this.#words) * (2 / TWO_TO_53) - 1;
      const v = nextBits53(this.#words) * (2 / TWO_TO_53) - 1;
      const s = u * u + v * v;
      if (s < 1 && s > 0) {
        const factor = Math.sqrt((-2 * log(s)) / s);
        this.#hasSpare = true;
        this.#spare = v * factor;
        return u * factor;
      }
    }
  }

  /** Overwrites `out` with `normal()` draws, first to last. */
  fillNormal(out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.normal();
  }

  /** Overwrites `out` with `between(low, high)` draws, first to last; throws as `between` does. */
  fillUniform(out: Float64Array, low: number, high: number): void {
    requireInterval('fillUniform', low, high);
    for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * this.uniform();
  }

  /** A copy of `items` in random order, each order equally likely (Fisher and Yates, from the end). */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = items.slice();
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = copy[i];
      copy[i] = copy[j];
      copy[j] = item;
    }
    return copy;
  }

  /**
   * The whole state as ten doubles: the words (s0 upper, s0 lower, …, s3 lower), 1 or 0 for
   * whether a normal is kept, and that normal or 0. A copy: later draws do not change it.
   */
  state(): Float64Array {
    const state = new Float64Array(STATE_LENGTH);
    state.set(this.#words);
    state[8] = this.#hasSpare ? 1 : 0;
    state[9] = this.#spare;
    return state;
  }

  /**
   * A generator that goes on where the one with this `state()` stood, bit for bit.
   *
   * @throws RangeError when no generator can be in this state.
   */
  static restore(state: Float64Array): Random {
    if (state.length !== STATE_LENGTH) {
      throw new RangeError(`Random: a state is ${STATE_LENGTH} numbers, got ${state.length}`);
    }
    const words = state.subarray(0, 8);
    if (!words.every((word) => word >>> 0 === word) || words.every((word) => word === 0)) {
      throw new RangeError(
        `Random: a state begins with eight 32-bit words, not all 0, got ${words.join(', ')}`,
      );
    }
    const [flag, spare] = state.subarray(8);
    if (!((flag === 1 && Math.abs(spare) <= LARGEST_NORMAL) || (flag === 0 && spare === 0))) {
      throw new RangeError(
        `Random: a state ends with 1 and the kept normal or with 0 and 0, got ${flag}, ${spare}`,
      );
    }
    const random = new Random(0);
    random.#words.set(words);
    random.#hasSpare = flag === 1;
    random.#spare = spare;
    return random;
  }
}

/** The next output of xoshiro256**, its upper 53 bits as an integer; advances `s`. */
function nextBits53(s: Uint32Array): number {
  const s1High = s[2];
  const s1Low = s[3];

  // The output, rotl(s1·5, 7)·9. A product with a small factor c goes by halves of the lower word:
  // its upper bits are what Math.imul(lower, c) leaves out.
  const five = Math.imul(s1Low, 5);
  const fiveHigh =
    Math.imul(s1High, 5) + (((s1Low >>> 16) * 5 + (((s1Low & 0xffff) * 5) >>> 16)) >>> 16);
  const turnedHigh = (fiveHigh << 7) | (five >>> 25);
  const turnedLow = (five << 7) | (fiveHigh >>> 25);
  const low = Math.imul(turnedLow, 9);
  const high =
    Math.imul(turnedHigh, 9) +
    (((turnedLow >>> 16) * 9 + (((turnedLow & 0xffff) * 9) >>> 16)) >>> 16);

  // The step: t = s1 << 17; s2 ^= s0; s3 ^= s1; s1 ^= s2; s0 ^= s3; s2 ^= t; s3 = rotl(s3, 45).
  const s2High = s[4] ^ s[0];
  const s2Low = s[5] ^ s[1];
  const s3High = s[6] ^ s1High;
  const s3Low = s[7] ^ s1Low;
  s[2] = s1High ^ s2High;
  s[3] = s1Low ^ s2Low;
  s[0] ^= s3High;
  s[1] ^= s3Low;
  s[4] = s2High ^ ((s1High << 17) | (s1Low >>> 15));
  s[5] = s2Low ^ (s1Low << 17);
  s[6] = (s3Low << 13) | (s3High >>> 19);
  s[7] = (s3High << 13) | (s3Low >>> 19);
  return (high >>> 0) * 2097152 + (low >>> 11); // 2²¹: 32 bits and 21 bits
}

/** splitmix64's output function, a bijection of 64-bit words; `h` is taken mod 2⁶⁴. */
function splitmix64(h: bigint): bigint {
  let z = h & MASK_64;
  z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK_64;
  z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK_64;
  return z ^ (z >> 31n);
}

function requireNatural(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) {
    throw new RangeError(`Random: ${name} must be an integer from 0 to 2^53 - 1, got ${value}`);
  }
}

function requireInterval(name: string, low: number, high: number): void {
  if (!(high - low >= 0 && high - low < Infinity)) {
    throw new RangeError(
      `Random: ${name}(low, high) needs low <= high with a finite difference, got ${low} and ${high}`,
    );
  }
}
