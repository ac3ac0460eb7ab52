import { Transform } from "node:stream";

/** What becomes of a message: another text, or nothing. */
export type Change = (text: string) => string | undefined;

const TEXT = 1;
const END_OF_HEAD = "\r\n\r\n";

/** Frames of a WebSocket's server, which masks none: below 126 bytes the length stands in the second, else in 2 or 8 after it. */
function readFrame(bytes: Buffer): { code: number; isLast: boolean; payload: Buffer; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1);
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < head) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < head + length) return undefined;
  const first = bytes.readUInt8(0);
  const payload = bytes.subarray(head, head + length);
  return { code: first % 16, isLast: first >= 128, payload, size: head + length };
}

/** Browsers take the shortest way to write a length, and no other. */
function toFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head.writeUInt8(128 + TEXT, 0);
  head.writeUInt8(length < 126 ? length : length < 65_536 ? 126 : 127, 1);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** What a server sends on a WebSocket, with each text message as it is changed at its time. */
export function changeTexts(change: Change): Transform {
  let waiting = Buffer.alloc(0);
  let upgraded = false;

  function take(): Buffer | undefined {
    if (!upgraded) {
      const end = waiting.indexOf(END_OF_HEAD);
      if (end === -1) return undefined;
      upgraded = true;
      return cut(end + END_OF_HEAD.length);
    }
    const frame = readFrame(waiting);
    if (frame === undefined) return undefined;
    const whole = cut(frame.size);
    if (frame.code !== TEXT || !frame.isLast) return whole;
    const text = String(frame.payload);
    const changed = change(text);
    if (changed === text) return whole;
    return changed === undefined ? Buffer.alloc(0) : toFrame(changed);
  }
  function cut(size: number): Buffer {
    const taken = waiting.subarray(0, size);
    waiting = waiting.subarray(size);
    return taken;
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      waiting = Buffer.concat([waiting, chunk]);
      for (let part = take(); part !== undefined; part = take()) this.push(part);
      done();
    },
  });
}
