/** One WebSocket frame (RFC 6455, 5.2) with the bytes that it came in. */
export interface Frame {
  readonly raw: Buffer;
  readonly opcode: number;
  readonly payload: Buffer;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8 } as const;

/** Cuts a byte stream into frames. Compressed frames are not understood: our client offers no compression. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): Frame | undefined {
    const data = this.#rest;
    const [first, second] = data;
    if (first === undefined || second === undefined) return undefined;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (data.length < 2 + lengthBytes) return undefined;
    const length = lengthBytes === 0 ? short : lengthBytes === 2 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
    const masked = (second & 0x80) !== 0;
    const begin = 2 + lengthBytes + (masked ? 4 : 0);
    const end = begin + length;
    if (data.length < end) return undefined;
    this.#rest = data.subarray(end);
    const body = data.subarray(begin, end);
    return { raw: data.subarray(0, end), opcode: first & 0x0f, payload: masked ? unmask(body, data.subarray(begin - 4, begin)) : body };
  }
}

function unmask(body: Buffer, key: Buffer): Buffer {
  return Buffer.from(body.map((byte, i) => byte ^ (key[i % 4] ?? 0)));
}

/** An unmasked binary frame of up to 125 bytes, as a server sends it. */
export function serverFrame(payload: Buffer): Buffer {
  if (payload.length > 125) throw new RangeError('longer than a short frame');
  return Buffer.concat([Buffer.of(0x80 | opcodes.binary, payload.length), payload]);
}
