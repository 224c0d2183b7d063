/**
 * A hash of bytes, for digests of results.
 *
 * @module
 */

/** FNV-1a of 64 bits, in two halves of 32. */
export class Hash {
  #high = 0xcbf29ce4;
  #low = 0x84222325;

  add(byte: number): void {
    const low = (this.#low ^ byte) >>> 0;
    // times 2⁴⁰ + 0x1b3, modulo 2⁶⁴: low·0x1b3 has 41 bits, exact in a double.
    const product = low * 0x1b3;
    this.#low = product >>> 0;
    const carry = Math.floor(product / 0x1_0000_0000);
    this.#high = (Math.imul(this.#high, 0x1b3) + carry + (low << 8)) >>> 0;
  }

  toString(): string {
    const digits = (word: number): string => word.toString(16).padStart(8, '0');
    return digits(this.#high) + digits(this.#low);
  }
}
