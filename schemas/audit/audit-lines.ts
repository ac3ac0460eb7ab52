import { canonicalJson, isRecord } from "../json.ts";
import type { SealedEvent, SignedSeal } from "./sealed-event.ts";

export const AUDIT_FORMAT = "soma.audit.v1";

/**
 * The sealed audit of a tenant as a file: lines of canonical JSON (RFC 8785), the first of them the head and the last the
 * end. Behind each seal stand the events that it covers, all in their order.
 */
export type AuditLine =
  | { kind: "head"; format: typeof AUDIT_FORMAT; tenant: string }
  | { kind: "seal"; seal: SignedSeal }
  | { kind: "event"; event: SealedEvent }
  | { kind: "end"; seals: number; events: number };

/**
 * A line of such a file; throws TypeError with its number for what is none. It must be the one text that its value has: what is
 * written in another way could be read in another way by somebody else.
 */
export function parseAuditLine(text: string, number: number): AuditLine {
  const value = parse(text.trimEnd());
  if (isLine(value)) return value as AuditLine;
  throw new TypeError(`line ${number} is not one of an export of the audit, in canonical JSON`);
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

type Is = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Is>>;

/** All members and no others. */
function has(shape: Shape): Is {
  const members = Object.entries(shape);
  return (value) =>
    isRecord(value) &&
    Object.keys(value).length === members.length &&
    members.every(([name, is]) => is(value[name]));
}

const isText: Is = (value) => typeof value === "string";
const isCount: Is = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const orNull =
  (is: Is): Is =>
  (value) =>
    value === null || is(value);

const isSeal = has({
  ...{ tenant: isText, number: isCount, firstSeq: isCount, size: isCount, head: isText, previous: isText, at: isText },
  ...{ keyId: orNull(isText), signature: isText },
});
const isDetails = has({ actor: isText, subject: isText, reason: isText, meta: isRecord });
const isEvent = has({
  ...{ tenant: isText, seq: isCount, eventId: isText, category: isText, decision: isText, at: isText },
  ...{ policyVersion: orNull(isText), traceId: orNull(isText), detailsDigest: isText, salt: isText },
  details: orNull(isDetails),
});
const LINES: readonly Is[] = [
  has({ kind: (kind) => kind === "head", format: (format) => format === AUDIT_FORMAT, tenant: isText }),
  has({ kind: (kind) => kind === "seal", seal: isSeal }),
  has({ kind: (kind) => kind === "event", event: isEvent }),
  has({ kind: (kind) => kind === "end", seals: isCount, events: isCount }),
];

function isLine(value: unknown): boolean {
  return LINES.some((is) => is(value));
}
