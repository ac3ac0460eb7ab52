import type { AuditLine } from "./audit-lines.ts";
import { type CheckSeal, sealDigest } from "./check-seal.ts";
import { faultOfDetails, hashOfEvent, sha256 } from "./inclusion-proof.ts";
import { treeHead } from "./merkle-tree.ts";
import { NO_SEAL, type SealedEvent, type SignedSeal } from "./sealed-event.ts";

/** What is wrong with an export, and with which of its seals or events; with all of it when neither is named. */
export interface AuditFinding {
  seal?: number;
  seq?: number;
  eventId?: string;
  why: string;
}

export interface AuditCounts {
  seals: number;
  events: number;
  findings: number;
  /** The last seal, and the digest that fixes it and all before it. */
  newest: { number: number; digest: string } | null;
}

interface VerifyAuditOptions {
  /** Left out, nobody's signature is checked. */
  checkSeal?: CheckSeal | undefined;
  /** The digest of a seal that somebody kept: it must be there. */
  kept?: string | undefined;
  onFinding(finding: AuditFinding): void;
}

interface State extends VerifyAuditOptions {
  counts: AuditCounts;
  tenant: string | undefined;
  /** The seal whose events are read, and the hashes of those there were. */
  seal: SignedSeal | undefined;
  leaves: Uint8Array[];
  nextSeq: number;
  isKeptHere: boolean;
  end: { seals: number; events: number } | undefined;
}

/** Checks an export from its lines alone; throws TypeError when they do not begin or end as one. */
export async function verifyAudit(
  lines: AsyncIterable<AuditLine> | Iterable<AuditLine>,
  options: VerifyAuditOptions,
): Promise<AuditCounts> {
  const counts: AuditCounts = { seals: 0, events: 0, findings: 0, newest: null };
  const state: State = {
    ...options,
    counts,
    ...{ tenant: undefined, seal: undefined, leaves: [], nextSeq: 1, isKeptHere: false, end: undefined },
  };
  for await (const line of lines) await take(state, line);
  checkEnd(state);
  return counts;
}

function find(state: State, finding: AuditFinding): void {
  state.counts.findings += 1;
  state.onFinding(finding);
}

async function take(state: State, line: AuditLine): Promise<void> {
  if (state.end !== undefined) throw new TypeError("it goes on after its end");
  const isBegun = state.tenant !== undefined;
  if (line.kind === "head" && isBegun) throw new TypeError("it has the head of another export");
  if (line.kind !== "head" && !isBegun) throw new TypeError("it does not begin with the head of an export");
  switch (line.kind) {
    case "head":
      state.tenant = line.tenant;
      return;
    case "seal":
      await closeSeal(state);
      return takeSeal(state, line.seal);
    case "event":
      return takeEvent(state, line.event);
    case "end":
      await closeSeal(state);
      state.end = line;
  }
}

function takeSeal(state: State, seal: SignedSeal): void {
  const { counts, tenant, nextSeq, checkSeal } = state;
  const [number, previous] = [(counts.newest?.number ?? 0) + 1, counts.newest?.digest ?? NO_SEAL];
  const faults = [
    seal.tenant === tenant ? undefined : `it is of tenant ${seal.tenant}, and the file of ${tenant}`,
    seal.number === number ? undefined : `seal ${number} should stand here`,
    seal.firstSeq === nextSeq ? undefined : `it covers events from ${seal.firstSeq} on, and ${nextSeq} is the next one`,
    seal.previous === previous ? undefined : "it names another seal before it than the one that is there",
    checkSeal?.(seal),
  ];
  for (const why of faults) if (why !== undefined) find(state, { seal: seal.number, why });
  counts.seals += 1;
  counts.newest = { number: seal.number, digest: sealDigest(seal) };
  state.isKeptHere ||= counts.newest.digest === state.kept;
  state.seal = seal;
  state.leaves = [];
  state.nextSeq = seal.firstSeq;
}

async function takeEvent(state: State, event: SealedEvent): Promise<void> {
  const { counts, tenant, nextSeq } = state;
  const { seq, eventId } = event;
  const faults = [
    state.seal === undefined ? "it stands before every seal" : undefined,
    event.tenant === tenant ? undefined : `it is of tenant ${event.tenant}, and the file of ${tenant}`,
    seq === nextSeq ? undefined : `event ${nextSeq} should stand here`,
    faultOfDetails(event),
  ];
  for (const why of faults) if (why !== undefined) find(state, { seq, eventId, why });
  counts.events += 1;
  state.nextSeq = seq + 1;
  state.leaves.push(await hashOfEvent(event));
}

/** Whether the events behind a seal are those that it covers. */
async function closeSeal(state: State): Promise<void> {
  const { seal, leaves } = state;
  if (seal === undefined) return;
  const { number, firstSeq, size } = seal;
  state.nextSeq = firstSeq + size;
  if (leaves.length !== size)
    return find(state, { seal: number, why: `it covers ${size} events, and ${leaves.length} are here` });
  const head = Buffer.from(await treeHead(sha256, leaves)).toString("hex");
  if (head === seal.head) return;
  const which = size === 1 ? `event ${firstSeq} is` : `one of events ${firstSeq} to ${firstSeq + size - 1} is`;
  find(state, { seal: number, why: `${which} not the one that was sealed` });
}

function checkEnd(state: State): void {
  const { counts, end, kept } = state;
  const here = `${counts.seals} seals and ${counts.events} events`;
  if (end === undefined) find(state, { why: `it is cut off: it has ${here}, and no end` });
  else if (end.seals !== counts.seals || end.events !== counts.events)
    find(state, { why: `its end names ${end.seals} seals and ${end.events} events, and it has ${here}` });
  if (kept !== undefined && !state.isKeptHere)
    find(state, { why: `no seal has the digest that was kept, ${kept}: it is another audit, or newest seals are gone` });
}
