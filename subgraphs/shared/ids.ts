import { hash, randomFillSync } from "node:crypto";

/**
 * What an id stands for, as four of its bits (decisions/0007-ids-name-their-type.md): so that `node(id)` knows whom to ask.
 * Numbers are never used again; 0 is for ids that stand for no type of the API.
 */
const TYPE_BITS = { Other: 0, Run: 1, Session: 2, Memory: 3, Decision: 4, Invocation: 5, AuditEvent: 6 } as const;

export type IdType = keyof typeof TYPE_BITS;

const pool = Buffer.alloc(4096);
let used = pool.length;

/** A UUIDv7: its first 48 bits are the time in milliseconds, so that ids sort by their making. */
export function newId(type: IdType = "Other", now: number = Date.now()): string {
  if (used + 16 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + 16);
  used += 16;
  bytes.writeUIntBE(now, 0, 6);
  return format(bytes, 0x70, type);
}

/** A UUIDv8 made of the parts alone: a retry of the same work gets the same id. */
export function derivedId(type: IdType, ...parts: readonly (string | number)[]): string {
  return format(Buffer.from(hash("sha256", JSON.stringify(parts), "buffer").subarray(0, 16)), 0x80, type);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[78]([0-9a-f])[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ANY_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const BY_BITS = new Map<number, IdType>(Object.entries(TYPE_BITS).map(([type, bits]) => [bits, type as IdType]));

export function isId(value: string): boolean {
  return ANY_UUID.test(value);
}

/** The type an id says it is of; undefined for what is no id of ours. That it exists is not said. */
export function typeOfId(id: string): IdType | undefined {
  const [, bits] = UUID.exec(id) ?? [];
  return bits === undefined ? undefined : BY_BITS.get(Number.parseInt(bits, 16));
}

/** Version and type share the seventh byte: rand_a of RFC 9562 keeps eight of its twelve random bits. */
function format(bytes: Buffer, version: number, type: IdType): string {
  bytes[6] = version | TYPE_BITS[type];
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
