import { AUDIT_FORMAT, type AuditLine } from "@soma/schemas/audit/audit-lines";
import { createSealCheck } from "@soma/schemas/audit/check-seal";
import { checkInclusion } from "@soma/schemas/audit/inclusion-proof";
import type { SealedEvent, SignedSeal } from "@soma/schemas/audit/sealed-event";
import { type AuditFinding, verifyAudit } from "@soma/schemas/audit/verify-audit";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fillAudit } from "./testing/fill-policy.ts";
import { type Answer, createPolicyFixture, type PolicyFixture } from "./testing/fixture.ts";

const SEAL = "tenant number firstSeq size head previous at keyId signature";
const EVENT = `tenant seq eventId category decision policyVersion at traceId detailsDigest salt
  details { actor subject reason meta }`;
const SEALS = `query ($after: Int! = 0, $limit: Int! = 200) { auditSeals(after: $after, limit: $limit) { ${SEAL} } }`;
const EVENTS = `query ($after: Int! = 0, $limit: Int! = 200) { sealedEvents(after: $after, limit: $limit) { ${EVENT} } }`;
const PROOF = `query ($id: ID!) { auditProof(eventId: $id) { event { ${EVENT} } seal { ${SEAL} } path } }`;

describe("the API of the sealed audit", () => {
  let fixture: PolicyFixture;
  let client: ServiceClient;

  beforeAll(async () => {
    fixture = await createPolicyFixture("policy_seals");
    client = await fixture.clientOf(await fixture.start());
  });
  afterAll(() => fixture.close());

  const ask = (query: string, tenant: string, variables: object = {}, roles = ["operator"]): Promise<Answer> =>
    client.request(query, variables, { principal: aPrincipal({ tenant, roles }) });

  /** Events of an audit that seals cover. */
  async function sealed(tenant: string, count: number, fromMs = 1): Promise<string[]> {
    const { owner } = fixture.database;
    const ids = await fillAudit(owner, { tenant, count, fromMs });
    await vi.waitFor(
      async () => expect(await owner`select 1 from audit_unsealed where tenant = ${tenant}`).toHaveLength(0),
      { interval: 20, timeout: 10_000 },
    );
    return ids;
  }

  /** What is found by who asks the API and has the public key. */
  async function verify(tenant: string): Promise<AuditFinding[]> {
    const findings: AuditFinding[] = [];
    const { auditSeals: seals } = await ask(SEALS, tenant);
    const { sealedEvents: events } = await ask(EVENTS, tenant);
    const lines: AuditLine[] = [{ kind: "head", format: AUDIT_FORMAT, tenant }];
    for (const seal of seals as SignedSeal[]) {
      const its = (events as SealedEvent[]).filter(({ seq }) => seq >= seal.firstSeq && seq < seal.firstSeq + seal.size);
      lines.push({ kind: "seal", seal }, ...its.map((event): AuditLine => ({ kind: "event", event })));
    }
    lines.push({ kind: "end", seals: seals.length, events: events.length });
    const checkSeal = createSealCheck(fixture.decisions.publicKey);
    await verifyAudit(lines, { checkSeal, onFinding: (finding) => findings.push(finding) });
    return findings;
  }

  it("gives an operator seals and events in their order, a page at a time, and nothing of another tenant", async () => {
    const ids = [...(await sealed("pages", 3)), ...(await sealed("pages", 2, 100))];
    expect(await verify("pages")).toEqual([]);
    const { auditSeals } = await ask(SEALS, "pages", { limit: 1 });
    expect(auditSeals).toMatchObject([{ number: 1, firstSeq: 1, tenant: "pages" }]);
    expect((await ask(SEALS, "pages", { after: 1 })).auditSeals[0]).toMatchObject({ number: 2 });
    const { sealedEvents } = await ask(EVENTS, "pages", { after: 1, limit: 2 });
    expect(sealedEvents.map((event: SealedEvent) => [event.seq, event.eventId])).toEqual([
      [2, ids[1]],
      [3, ids[2]],
    ]);
    expect(await ask(SEALS, "stranger")).toEqual({ auditSeals: [] });
    expect(await ask(EVENTS, "stranger")).toEqual({ sealedEvents: [] });
  });

  it("is for operators alone, and for pages of 1 to 200", async () => {
    for (const query of [SEALS, EVENTS, PROOF])
      await expect(ask(query, "pages", { id: newId() }, ["assistant"])).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const query of [SEALS, EVENTS])
      for (const limit of [0, 201])
        await expect(ask(query, "pages", { limit })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it.each<[string, string, object[]]>([
    ["changed", "update audit_event set decision = 'deny'", [{ seal: 1 }]],
    ["changed in what it tells", "update audit_event set actor = 'user:eve'", [{ seq: 2 }]],
    ["taken away", "delete from audit_event", [{ seq: 3 }, { seal: 1 }]],
  ])("shows that an event was %s in the database", async (name, statement, expected) => {
    const tenant = `altered-${name.replaceAll(" ", "-")}`;
    const [, id = ""] = await sealed(tenant, 3);
    expect(await verify(tenant)).toEqual([]);
    await fixture.database.owner.unsafe(`${statement} where event_id = $1`, [id]);
    expect(await verify(tenant)).toMatchObject(expected);
  });

  it("proves that a seal covers an event, until somebody changes it", async () => {
    const ids = await sealed("proved", 5);
    const checkSeal = createSealCheck(fixture.decisions.publicKey);
    for (const id of ids) {
      const { auditProof } = await ask(PROOF, "proved", { id: id.toUpperCase() });
      expect(auditProof.event.eventId).toBe(id);
      expect(await checkInclusion(auditProof, checkSeal)).toBeUndefined();
    }
    const { owner } = fixture.database;
    await owner`update audit_event set category = 'sync' where event_id = ${ids[3] ?? ""}`;
    const { auditProof } = await ask(PROOF, "proved", { id: ids[3] });
    expect(await checkInclusion(auditProof, checkSeal)).toBe("seal 1 does not cover it as it is");
    await owner`delete from audit_event where event_id = ${ids[3] ?? ""}`;
    for (const [tenant, id] of [
      ["proved", ids[3]],
      ["proved", newId("AuditEvent")],
      ["proved", "none"],
      ["stranger", ids[0]],
    ] as const)
      expect(await ask(PROOF, tenant, { id }), id).toEqual({ auditProof: null });
  });
});
