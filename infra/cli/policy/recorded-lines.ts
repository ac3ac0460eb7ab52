import type { SomaClient } from "@soma/graphql/client";
import { PolicyOfDocument, RecordedDecisionsDocument, type RecordedFieldsFragment } from "@soma/graphql/operations";
import type { RecordedDecision } from "@soma/schemas/verdict/recorded-decision";
import { VERDICTS_FORMAT, type VerdictLine } from "@soma/schemas/verdict/verdict-lines";
import { ALL_OR_NOTHING } from "../run-history.ts";

/** What the policy was asked may have 64 KB each, and twice as much as a text in JSON: the gateway takes 16 MB. */
const PAGE = 100;

export interface Span {
  from?: string | undefined;
  to?: string | undefined;
}

/** An export of the decisions of a running product, line by line. */
export async function* recordedLines(client: SomaClient, { from, to }: Span): AsyncGenerator<VerdictLine, void> {
  yield { kind: "head", format: VERDICTS_FORMAT, from: from ?? null, to: to ?? null };
  const told = new Set<string>();
  let decisions = 0;
  for await (const decision of recordedDecisions(client, { from, to })) {
    yield* madeBy(client, decision, told);
    yield { kind: "decision", decision };
    decisions += 1;
  }
  yield { kind: "end", decisions };
}

/** Decisions of a running product, oldest first. */
async function* recordedDecisions(client: SomaClient, { from, to }: Span): AsyncGenerator<RecordedDecision, void> {
  const filter = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  let after: string | null | undefined;
  do {
    const place = after ? { after } : {};
    const { decisions } = await client.request(
      RecordedDecisionsDocument,
      { filter, first: PAGE, ...place },
      ALL_OR_NOTHING,
    );
    yield* (decisions?.nodes ?? []).map(toRecorded);
    after = decisions?.pageInfo.hasNextPage === true ? decisions.pageInfo.endCursor : undefined;
  } while (after);
}

/** The newest decisions of a running product, so many at most, newest first. */
export async function* newestDecisions(client: SomaClient, most: number): AsyncGenerator<RecordedDecision, void> {
  let left = most;
  let before: string | null | undefined;
  do {
    const place = before ? { before } : {};
    const { decisions } = await client.request(
      RecordedDecisionsDocument,
      { last: Math.min(PAGE, left), ...place },
      ALL_OR_NOTHING,
    );
    const nodes = (decisions?.nodes ?? []).toReversed();
    yield* nodes.map(toRecorded);
    left -= nodes.length;
    before = decisions?.pageInfo.hasPreviousPage === true ? decisions.pageInfo.startCursor : undefined;
  } while (before && left > 0);
}

/** The policy and the data of a decision, where they were not told yet. What the product does not have is left out. */
async function* madeBy(
  client: SomaClient,
  { record }: RecordedDecision,
  told: Set<string>,
): AsyncGenerator<VerdictLine, void> {
  if (record === null) return;
  const { policyRevision, dataRevision } = record;
  // One that is gone must not take the other with it, which made decisions beside others.
  if (!told.has(policyRevision)) {
    const { policy } = await client.request(PolicyOfDocument, { policyRevision }, ALL_OR_NOTHING);
    if (policy) yield { kind: "policy", wasm: policy.wasm };
  }
  if (!told.has(dataRevision)) {
    const { policy } = await client.request(PolicyOfDocument, { dataRevision }, ALL_OR_NOTHING);
    if (policy) yield { kind: "data", data: policy.data };
  }
  told.add(policyRevision).add(dataRevision);
}

/** A decision of the API as an export has it. */
export function toRecorded(fields: RecordedFieldsFragment): RecordedDecision {
  const { run, step, record, risk, ...decision } = fields;
  return {
    ...decision,
    tenant: record?.tenant ?? "",
    risk: risk.toLowerCase(),
    runId: run?.id ?? null,
    stepId: step?.id ?? null,
    record:
      record === null || record === undefined
        ? null
        : {
            policyRevision: record.policyRevision,
            dataRevision: record.dataRevision,
            inputDigest: record.inputDigest,
            input: record.input ?? null,
          },
  };
}
