/**
 * A growing buffer of bytes, and the encodings of the WebAssembly binary format.
 *
 * It doubles when full: building a module by spreading arrays into arrays takes 16 to 30 ms.
 * Encodings: WebAssembly core specification 2.0, sections 5.1.2 (vectors) and 5.2 (values).
 *
 * @module
 */

/** Bytes written one after the other. */
export class Bytes {
  #data: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  #length = 0;

  /** Appends values that are already bytes. */
  write(values: ArrayLike<number>): void {
    const end = this.#length + values.length;
    if (end > this.#data.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#data.length));
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data.set(values, this.#length);
    this.#length = end;
  }

  /** Appends an integer in 0 … 2³² − 1 as unsigned LEB128. */
  unsigned(value: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) {
      throw new RangeError(`Bytes.unsigned: needs an integer in 0 … 2^32 - 1, got ${value}`);
    }
    let rest = value;
    do {
      const low = rest & 0x7f;
      rest >>>= 7;
      this.write([rest === 0 ? low : low | 0x80]);
    } while (rest !== 0);
  }

  /** Appends an integer in −2³¹ … 2³¹ − 1 as signed LEB128. */
  signed(value: number): void {
    if (value !== (value | 0)) {
      throw new RangeError(`Bytes.signed: needs an integer in -2^31 … 2^31 - 1, got ${value}`);
    }
    let rest = value;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const last = rest === ((low & 0x40) === 0 ? 0 : -1); // what the sign of `low` stands for
      this.write([last ? low : low | 0x80]);
      if (last) return;
    }
  }

  /** Appends the 8·n bytes of n doubles, little endian. */
  doubles(values: ArrayLike<number>): void {
    const bytes = new DataView(new ArrayBuffer(8 * values.length));
    for (let i = 0; i < values.length; i++) bytes.setFloat64(8 * i, values[i], true);
    this.write(new Uint8Array(bytes.buffer));
  }

  /** Appends a name of ASCII letters, after its length. */
  name(text: string): void {
    const codes = Array.from(text, (letter) => letter.charCodeAt(0));
    if (codes.some((code) => code > 0x7f)) {
      throw new RangeError(`Bytes.name: needs ASCII, got ${JSON.stringify(text)}`);
    }
    this.unsigned(codes.length);
    this.write(codes);
  }

  /** Appends other bytes, after their number. */
  sized(inner: Bytes): void {
    this.unsigned(inner.#length);
    this.write(inner.finish());
  }

  /** The bytes so far, copied. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#data.slice(0, this.#length);
  }
}
