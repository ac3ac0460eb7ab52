import { hash } from "node:crypto";
import { cut } from "./cut.ts";

/** A serialized value as a row holds it: its type, and its bytes as text, as base64, or as the names of its pieces. */
export type Packed = { type: string } & ({ text: string } | { base64: string } | { pieces: string[] });

/** Bytes that are kept once per tenant, under the hex of their SHA-256. */
export interface Piece {
  sha256: string;
  bytes: Uint8Array;
}

/** What is longer is cut into pieces. A row of its own for each is worth it only above the size of a row's keys. */
const IN_ROW_BYTES = 512;

export function pack(type: string, bytes: Uint8Array): { packed: Packed; pieces: Piece[] } {
  if (bytes.length <= IN_ROW_BYTES) return { packed: packWhole(type, bytes), pieces: [] };
  const pieces = cut(bytes).map((part) => ({ sha256: hash("sha256", part, "hex"), bytes: part }));
  return { packed: { type, pieces: pieces.map(({ sha256 }) => sha256) }, pieces };
}

/** A value that stands in its row however long it is. */
export function packWhole(type: string, bytes: Uint8Array): Packed {
  const text = toText(bytes);
  return text === undefined ? { type, base64: Buffer.from(bytes).toString("base64") } : { type, text };
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined for bytes that are no text, or one with NUL, which jsonb cannot hold. */
function toText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function piecesOf(packed: Packed): readonly string[] {
  return "pieces" in packed ? packed.pieces : [];
}

/** The bytes that were packed; `pieces` has those that `piecesOf` names. */
export function unpack(packed: Packed, pieces: ReadonlyMap<string, Uint8Array>): Uint8Array {
  if ("text" in packed) return new TextEncoder().encode(packed.text);
  if ("base64" in packed) return new Uint8Array(Buffer.from(packed.base64, "base64"));
  return new Uint8Array(Buffer.concat(packed.pieces.map((sha256) => pieces.get(sha256) as Uint8Array)));
}
