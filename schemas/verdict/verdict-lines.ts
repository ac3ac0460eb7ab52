import { isRecord } from "../json.ts";
import type { RecordedDecision } from "./recorded-decision.ts";
import { createVerifier, type Finding, type VerdictCounts } from "./verifier.ts";

export const VERDICTS_FORMAT = "soma.verdicts.v1";

/**
 * Decisions as a file: lines of canonical JSON (RFC 8785), the first of them the head and the last the end. A policy and data
 * stand before the first decision that they made, and decisions in the order in which they were made. Nothing else is needed
 * to recompute them.
 */
export type VerdictLine =
  | { kind: "head"; format: typeof VERDICTS_FORMAT; from: string | null; to: string | null }
  | { kind: "policy"; wasm: string }
  | { kind: "data"; data: string }
  | { kind: "decision"; decision: RecordedDecision }
  | { kind: "end"; decisions: number };

/** A line of such a file; throws TypeError with its number for what is none. */
export function parseVerdictLine(text: string, number: number): VerdictLine {
  const value = parse(text);
  if (isRecord(value) && isLine(value)) return value as unknown as VerdictLine;
  throw new TypeError(`line ${number} is not one of an export of decisions`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLine(value: Readonly<Record<string, unknown>>): boolean {
  switch (value.kind) {
    case "head":
      return value.format === VERDICTS_FORMAT;
    case "policy":
      return typeof value.wasm === "string";
    case "data":
      return typeof value.data === "string";
    case "decision":
      return isRecord(value.decision) && isDecision(value.decision);
    case "end":
      return typeof value.decisions === "number";
    default:
      return false;
  }
}

const TEXTS = ["id", "tenant", "reason", "tool", "toolVersion", "risk", "actor", "role", "argsDigest", "policyVersion"];
const RECORD_TEXTS = ["policyRevision", "dataRevision", "inputDigest"];

function isDecision(decision: Readonly<Record<string, unknown>>): boolean {
  const { allow, createdAt, expiresAt, obligations, record } = decision;
  return (
    typeof allow === "boolean" &&
    obligations !== undefined &&
    [...TEXTS.map((name) => decision[name]), createdAt, expiresAt].every((value) => typeof value === "string") &&
    (record === null ||
      (isRecord(record) &&
        RECORD_TEXTS.every((name) => typeof record[name] === "string") &&
        (record.input === null || typeof record.input === "string")))
  );
}

interface VerifyLinesOptions {
  /** Milliseconds since 1970; only decisions of this time or later, and before that one. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
  onFinding(finding: Finding): void;
}

/** Recomputes every decision of an export; throws TypeError when its lines are not in the order that one has. */
export async function verifyLines(
  lines: AsyncIterable<VerdictLine> | Iterable<VerdictLine>,
  { fromMs = -Infinity, toMs = Infinity, onFinding }: VerifyLinesOptions,
): Promise<VerdictCounts> {
  const verifier = createVerifier();
  const order = createOrder();
  for await (const line of lines) {
    order.take(line);
    if (line.kind === "policy") await verifier.addPolicy(toBytes(line.wasm));
    if (line.kind === "data") verifier.addData(line.data);
    if (line.kind !== "decision") continue;
    const at = Date.parse(line.decision.createdAt);
    if (at < fromMs || at >= toMs) continue;
    const finding = verifier.check(line.decision);
    if (finding !== undefined) onFinding(finding);
  }
  order.close();
  return verifier.counts;
}

/**
 * The order of an export: a head, decisions from the oldest on, an end that names their number. A decision that is moved to the
 * beginning could pass for older than all records, and one that is there twice for another that is gone.
 */
function createOrder() {
  let decisions: number | undefined;
  let end: number | undefined;
  let newest = "";
  return {
    take(line: VerdictLine): void {
      if (end !== undefined) throw new TypeError("it goes on after its end");
      if (line.kind === "head" && decisions !== undefined) throw new TypeError("it has the head of another export");
      if (line.kind === "head") decisions = 0;
      if (decisions === undefined) throw new TypeError("it does not begin with the head of an export");
      if (line.kind === "end") end = line.decisions;
      if (line.kind !== "decision") return;
      decisions += 1;
      const { id } = line.decision;
      if (id <= newest) throw new TypeError(`decision ${decisions} of it is not younger than the one before`);
      newest = id;
    },
    close(): void {
      if (end === undefined || end !== decisions)
        throw new TypeError(`it is cut off: it has ${decisions ?? 0} decisions, and its end names ${end ?? "none"}`);
    },
  };
}

/** Bytes of base64; what is none gives other bytes, which no decision was made by. */
export function toBytes(base64: string): Uint8Array {
  return Buffer.from(base64, "base64");
}
