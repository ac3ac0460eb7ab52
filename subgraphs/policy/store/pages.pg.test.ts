import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyMigrations } from "../migrate.ts";
import { fillAudit, fillDecisions } from "../testing/fill-policy.ts";
import { findAuditEvents } from "./find-audit-events.ts";
import { findDecisions } from "./find-decisions.ts";
import { findNewestByKey } from "./find-newest-by-key.ts";
import { findNewestOfSteps } from "./find-newest-of-steps.ts";
import { type ListAuditEventsParams, listAuditEvents } from "./list-audit-events.ts";
import { listDecisions } from "./list-decisions.ts";
import { listDecisionsOf } from "./list-decisions-of.ts";

const PAGE = 51;
const AT = 1_700_000_000_000;
const COUNT = 16_000;
const [busy, resting] = [newId("Run"), newId("Run")];

/** Tens of thousands of rows of one tenant, nearly all alike; the few that are not stand at the old end. */
describe("pages of policy", () => {
  let database: TestDatabase;
  let rare: string[] = [];
  let eventIds: string[] = [];
  let decisionIds: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase("policy", await policyMigrations());
    const { owner } = database;
    const acme = { tenant: "acme", fromMs: AT };
    const seldom = { category: "security", actor: "user:eve", subject: "tool:shell", decision: "deny" };
    rare = await fillAudit(owner, { ...acme, ...seldom, count: 3, fromMs: AT - 60_000 });
    await fillAudit(owner, { ...acme, actor: "user:eve", count: 2_000, fromMs: AT - 50_000 });
    await fillAudit(owner, { ...acme, decision: "deny", count: 2_000, fromMs: AT - 40_000 });
    eventIds = await fillAudit(owner, { ...acme, count: COUNT });
    await fillAudit(owner, { tenant: "other", fromMs: AT, count: 2_000 });
    await fillDecisions(owner, { ...acme, runId: resting, count: 4_000, fromMs: AT - 40_000 });
    decisionIds = await fillDecisions(owner, { ...acme, runId: busy, count: COUNT });
    await fillDecisions(owner, { tenant: "other", runId: newId("Run"), fromMs: AT, count: 2_000 });
    await owner`analyze decision, audit_event`;
  }, 60_000);
  afterAll(() => database.close());

  const expectFew = async (verb: (tx: Tx) => Promise<unknown>, rows = 4 * PAGE): Promise<void> => {
    const read = await readsOf(database.request, { tenant: "acme" }, verb);
    expect(read.scans).toBe(0);
    expect(read.rows).toBeLessThan(rows);
    expect(read.pages).toBeLessThan(2 * rows);
  };
  const page = (changes: Partial<ListAuditEventsParams>) => (tx: Tx) =>
    listAuditEvents(tx, { tenant: "acme", oldestFirst: false, limit: PAGE, ...changes });

  it.each<[string, Partial<ListAuditEventsParams>]>([
    ["nothing", {}],
    ["a frequent category", { categories: ["policy"] }],
    ["a seldom category", { categories: ["security"] }],
    ["several categories", { categories: ["security", "policy", "sync"] }],
    ["a category that is not there", { categories: ["delegation"] }],
    ["a frequent actor", { actor: "user:ada" }],
    ["an actor who rests", { actor: "user:eve" }],
    ["an actor nobody knows", { actor: "user:nobody" }],
    ["a subject", { subject: "tool:clock" }],
    ["a seldom subject", { subject: "tool:shell" }],
    ["a decision", { decision: "deny" }],
    ["all of it", { categories: ["security"], actor: "user:eve", subject: "tool:shell", decision: "deny" }],
  ])("of the audit by %s read their own rows, at the first page as at the tenth", async (_name, filter) => {
    const between = { olderThan: eventIds[COUNT - 500], newerThan: rare[0] };
    for (const oldestFirst of [false, true])
      for (const place of [{}, { olderThan: eventIds[COUNT - 500] }, between])
        await expectFew(page({ ...filter, ...place, oldestFirst }));
  });

  it("of the audit by two frequent things that seldom meet read entries of one index, and no more rows than fit", async () => {
    await expectFew(page({ actor: "user:ada", decision: "deny", subject: "tool:shell" }));
    await expectFew(page({ actor: "user:eve", decision: "deny", subject: "tool:clock" }));
    await expectFew(page({ actor: "user:eve", decision: "deny" }));
  });

  it("of the audit know a name of any length", async () => {
    const actor = `user:${"x".repeat(20_000)}`;
    const [eventId] = await fillAudit(database.owner, { tenant: "long", actor, count: 1, fromMs: AT });
    const found = await transaction(database.request, { tenant: "long" }, page({ tenant: "long", actor }));
    expect(found.map((row) => row.eventId)).toEqual([eventId]);
  });

  it("of the audit give what the filters ask for, each once", async () => {
    const ids = async (filter: Partial<ListAuditEventsParams>): Promise<string[]> =>
      (await transaction(database.request, { tenant: "acme" }, page(filter))).map(({ eventId }) => eventId);
    const seldom = rare.toReversed();
    expect(await ids({ categories: ["security", "security"] })).toEqual(seldom);
    expect(await ids({ actor: "user:eve", decision: "deny" })).toEqual(seldom);
    expect(await ids({ subject: "tool:shell", oldestFirst: true })).toEqual(rare);
    expect(await ids({ categories: ["sync", "policy"], limit: 2 })).toEqual(eventIds.slice(-2).reverse());
    expect(await ids({ categories: [] })).toEqual([]);
  });

  it.each([false, true])("of a run's decisions read their own rows, backward %s", async (backward) => {
    const after = decisionIds[500];
    for (const owners of [[busy], [resting], [busy, resting], [newId("Run")]])
      for (const place of [{ after: undefined }, { after }])
        await expectFew((tx) => listDecisionsOf(tx, { owners, ...place, before: undefined, backward, limit: PAGE }));
  });

  it.each([false, true])("of all decisions read their own rows, backward %s", async (backward) => {
    const [after, before] = [decisionIds[500], decisionIds[COUNT - 500]];
    const [from, to] = [new Date(AT + 500), new Date(AT + COUNT - 500)];
    const whole = { after: undefined, before: undefined, from: undefined, to: undefined };
    for (const place of [whole, { ...whole, after }, { ...whole, before }, { ...whole, from, to }])
      await expectFew((tx) => listDecisions(tx, { tenant: "acme", ...place, backward, limit: PAGE }));
    const found = await transaction(database.request, { tenant: "acme" }, (tx) =>
      listDecisions(tx, { tenant: "acme", ...whole, from, to: new Date(AT + 503), backward, limit: PAGE }),
    );
    const made = decisionIds.slice(500, 503);
    expect(found.map(({ decisionId }) => decisionId)).toEqual(backward ? made.toReversed() : made);
  });

  it("what is named is found by its key", async () => {
    const steps = Array.from({ length: PAGE }, (_, i) => `${busy}.${i}`);
    await expectFew((tx) => findDecisions(tx, { decisionIds: decisionIds.slice(0, PAGE) }));
    await expectFew((tx) => findAuditEvents(tx, { eventIds: eventIds.slice(0, PAGE) }));
    await expectFew((tx) => findNewestByKey(tx, { tenant: "acme", idemKey: "the same" }));
    await expectFew((tx) => findNewestOfSteps(tx, { stepIds: steps }));
  });
});
