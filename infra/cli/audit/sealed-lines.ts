import type { SomaClient } from "@soma/graphql/client";
import { AuditSealsDocument, AuditTenantDocument, SealedEventsDocument } from "@soma/graphql/operations";
import { AUDIT_FORMAT, type AuditLine } from "@soma/schemas/audit/audit-lines";
import type { SealedEvent, SignedSeal } from "@soma/schemas/audit/sealed-event";
import { ALL_OR_NOTHING } from "../run-history.ts";

/** The meta of an event may be long: the gateway takes 16 MB. */
const PAGE = 100;

/** An export of the sealed audit of a running product, line by line. What is sealed meanwhile may be in it. */
export async function* sealedLines(client: SomaClient): AsyncGenerator<AuditLine, void> {
  const { viewer } = await client.request(AuditTenantDocument, {}, ALL_OR_NOTHING);
  yield { kind: "head", format: AUDIT_FORMAT, tenant: viewer?.tenant ?? "" };
  const counts = { seals: 0, events: 0 };
  for await (const seals of pagesOfSeals(client)) {
    for await (const line of withEvents(client, seals)) {
      counts[line.kind === "seal" ? "seals" : "events"] += 1;
      yield line;
    }
  }
  yield { kind: "end", ...counts };
}

async function* pagesOfSeals(client: SomaClient): AsyncGenerator<SignedSeal[], void> {
  let after = 0;
  while (true) {
    const { auditSeals } = await client.request(AuditSealsDocument, { after, limit: PAGE }, ALL_OR_NOTHING);
    const seals = (auditSeals ?? []) as SignedSeal[];
    const last = seals.at(-1);
    if (last === undefined) return;
    yield seals;
    after = last.number;
  }
}

/** Seals with their events, which are asked for after the seals: they are all there then. */
async function* withEvents(client: SomaClient, seals: readonly SignedSeal[]): AsyncGenerator<AuditLine, void> {
  const events = sealedEvents(client, { after: (seals[0]?.firstSeq ?? 1) - 1 });
  let next = await events.next();
  for (const seal of seals) {
    yield { kind: "seal", seal };
    while (next.done !== true && next.value.seq < seal.firstSeq + seal.size) {
      yield { kind: "event", event: next.value };
      next = await events.next();
    }
  }
}

async function* sealedEvents(client: SomaClient, place: { after: number }): AsyncGenerator<SealedEvent, void> {
  let { after } = place;
  while (true) {
    const page = await client.request(SealedEventsDocument, { after, limit: PAGE }, ALL_OR_NOTHING);
    const events = (page.sealedEvents ?? []) as SealedEvent[];
    const last = events.at(-1);
    if (last === undefined) return;
    yield* events;
    after = last.seq;
  }
}
