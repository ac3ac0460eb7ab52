import { describe, expect, it } from "vitest";
import { cut } from "./cut.ts";
import { pack, packWhole, piecesOf, unpack } from "./packed.ts";

/** Bytes without a pattern, the same ones each time. */
function bytesOf(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state & 0xff;
  });
}

const joined = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));
const hashesOf = (bytes: Uint8Array): string[] => pack("bytes", bytes).pieces.map(({ sha256 }) => sha256);

describe("cut()", () => {
  it.each([0, 1, 2_047, 2_048, 2_049, 16_384, 16_385, 300_000])(
    "gives %i bytes back whole, in bounded pieces",
    (length) => {
      const bytes = bytesOf(length);
      const pieces = cut(bytes);
      expect(joined(pieces)).toEqual(bytes);
      const lengths = pieces.map((piece) => piece.length);
      expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(16_384);
      expect(Math.min(Number.POSITIVE_INFINITY, ...lengths.slice(0, -1))).toBeGreaterThan(2_048);
    },
  );

  it("keeps bytes bounded that say nowhere where to cut", () => {
    expect(cut(new Uint8Array(40_000)).map(({ length }) => length)).toEqual([16_384, 16_384, 7_232]);
  });

  it("of a value that grew, or lost its beginning, only the ends are new", () => {
    const value = bytesOf(200_000);
    const known = new Set(hashesOf(value));
    const fresh = (bytes: Uint8Array): number => hashesOf(bytes).filter((sha256) => !known.has(sha256)).length;
    expect(known.size).toBeGreaterThan(20);
    expect(fresh(joined([value, bytesOf(1_000, 2)]))).toBeLessThanOrEqual(2);
    expect(fresh(value.subarray(777))).toBeLessThanOrEqual(2);
    expect(fresh(joined([value.subarray(0, 100_000), bytesOf(50, 3), value.subarray(100_000)]))).toBeLessThanOrEqual(3);
  });
});

describe("pack()", () => {
  const none = new Map<string, Uint8Array>();

  it.each([
    ["text", new TextEncoder().encode('{"a":"\ufeffé"}'), "text"],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe]), "base64"],
    ["text with NUL", new Uint8Array([65, 0, 66]), "base64"],
    ["nothing", new Uint8Array(), "text"],
  ])("keeps %s in the row", (_what, bytes, form) => {
    const { packed, pieces } = pack("json", bytes);
    expect(Object.keys(packed)).toEqual(["type", form]);
    expect(pieces).toEqual([]);
    expect(piecesOf(packed)).toEqual([]);
    expect(unpack(packed, none)).toEqual(bytes);
  });

  it("keeps what is long in pieces that are named for what they hold, and the same each time", () => {
    const bytes = bytesOf(30_000);
    const { packed, pieces } = pack("bytes", bytes);
    expect(piecesOf(packed)).toEqual(pieces.map(({ sha256 }) => sha256));
    expect(pieces.length).toBeGreaterThan(1);
    expect(hashesOf(bytes)).toEqual(piecesOf(packed));
    expect(unpack(packed, new Map(pieces.map((piece) => [piece.sha256, piece.bytes])))).toEqual(bytes);
  });

  it("packWhole() keeps it in the row however long it is", () => {
    const bytes = bytesOf(30_000);
    const packed = packWhole("bytes", bytes);
    expect(piecesOf(packed)).toEqual([]);
    expect(unpack(packed, none)).toEqual(bytes);
  });
});
