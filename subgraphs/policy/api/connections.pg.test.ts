import { type Subgraph, startSubgraph } from "@soma/shared/graphql/server";
import { createServiceClient } from "@soma/shared/graphql/service-client";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyMigrations } from "../migrate.ts";
import { insertAuditEvent } from "../store/insert-audit-event.ts";
import { insertDecision } from "../store/insert-decision.ts";
import { createResolvers } from "./resolvers.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

const VARIABLES = "$first: Int, $after: String, $last: Int, $before: String";
const ARGS = "first: $first, after: $after, last: $last, before: $before";
const PAGE = "nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
const DECISIONS = `query ($representations: [_Any!]!, ${VARIABLES}) {
  _entities(representations: $representations) { ... on Run { decisions(${ARGS}) { ${PAGE} } } } }`;
const AUDIT = `query ($filter: AuditFilter, ${VARIABLES}) { auditEvents(filter: $filter, ${ARGS}) { ${PAGE} } }`;

type ReadPage = (args: object, tenant?: string) => Promise<Answer>;

describe("connections of policy", () => {
  let database: TestDatabase;
  /** Transactions that requests have opened so far. */
  let transactions = 0;
  let subgraph: Subgraph;
  let ask: (source: string, variableValues: object, tenant?: string) => Promise<Answer>;

  beforeAll(async () => {
    database = await createTestDatabase("policy_pages", await policyMigrations());
    const sql = new Proxy(database.request, {
      get(target, name) {
        if (name === "reserve") transactions += 1;
        return Reflect.get(target, name);
      },
    });
    // Only what is there is read; nothing is decided.
    const resolvers = createResolvers({ sql } as Parameters<typeof createResolvers>[0]);
    subgraph = await startSubgraph({
      name: "policy",
      typeDefs: await readTypeDefs(new URL("./", import.meta.url)),
      resolvers,
      verify: async (tenant) => aPrincipal({ tenant }),
      log: createSilentLog(),
      host: "127.0.0.1",
      port: 0,
      checks: {},
    });
    const { url } = subgraph;
    const client = createServiceClient({ peer: "policy", url, sign: async ({ tenant }) => tenant });
    ask = (document, variables, tenant = "acme") =>
      client.request(document, variables, { principal: aPrincipal({ tenant }) });
  });
  afterAll(async () => {
    await subgraph.close();
    await database.close();
  });

  const at = new Date("2026-01-01T00:00:00Z");

  /** Decisions of a run, by id. */
  const decided = async (runId: string, count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => newId("Decision")).toSorted();
    await transaction(database.request, { tenant: "acme" }, async (tx) => {
      for (const decisionId of ids)
        await insertDecision(tx, {
          row: {
            tenant: "acme",
            decisionId,
            allow: true,
            reason: "allowed",
            obligations: {},
            tool: "clock",
            toolVersion: "1",
            risk: "low",
            actor: "user:ada",
            role: "assistant",
            argsDigest: "",
            policyVersion: "1",
            policyRevision: null,
            dataRevision: null,
            inputDigest: null,
            runId,
            stepId: null,
            idemKey: decisionId,
            idemDigest: "",
            createdAt: at,
            expiresAt: at,
          },
          input: null,
        });
    });
    return ids;
  };
  /** Audit events of a tenant, by id, newest first. */
  const audited = async (tenant: string, count: number, changes: object = {}): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => newId("AuditEvent")).toSorted();
    await transaction(database.request, { tenant }, async (tx) => {
      for (const eventId of ids)
        await insertAuditEvent(tx, {
          tenant,
          eventId,
          category: "policy",
          actor: "user:ada",
          subject: "tool:clock",
          decision: "allow",
          reason: "allowed",
          policyVersion: null,
          at,
          traceId: null,
          meta: {},
          ...changes,
        });
    });
    return ids.toReversed();
  };

  const toPage = ({ nodes, edges, pageInfo }: Answer): Answer => {
    const ids = nodes.map((node: Answer) => node.id);
    expect(edges.map((edge: Answer) => edge.cursor)).toEqual(ids);
    expect(pageInfo).toMatchObject({ startCursor: ids[0] ?? null, endCursor: ids.at(-1) ?? null });
    return { ids, ...pageInfo };
  };
  const decisionsOf =
    (runId: string): ReadPage =>
    async (args, tenant) => {
      const representations = [{ __typename: "Run", id: runId }];
      return toPage((await ask(DECISIONS, { representations, ...args }, tenant))._entities[0].decisions);
    };
  const auditOf =
    (own: string): ReadPage =>
    async (args, tenant = own) =>
      toPage((await ask(AUDIT, args, tenant)).auditEvents);

  /** Walks a list of five in pages of two, from either end and between its borders. */
  async function walk(page: ReadPage, all: string[]): Promise<void> {
    const [one, two, three, four, five] = all;
    expect(await page({ first: 2 })).toMatchObject({ ids: [one, two], hasNextPage: true, hasPreviousPage: false });
    const middle = { ids: [three, four], hasNextPage: true, hasPreviousPage: true };
    expect(await page({ first: 2, after: two })).toMatchObject(middle);
    const end = { hasNextPage: false, hasPreviousPage: true };
    expect(await page({ first: 2, after: four })).toMatchObject({ ids: [five], ...end });
    expect(await page({ first: 2, after: five })).toMatchObject({ ids: [], ...end });
    expect(await page({ first: 5 })).toMatchObject({ ids: all, hasNextPage: false });

    expect(await page({ last: 2 })).toMatchObject({ ids: [four, five], ...end });
    expect(await page({ last: 2, before: five })).toMatchObject(middle);
    const begin = { hasNextPage: true, hasPreviousPage: false };
    expect(await page({ last: 2, before: two })).toMatchObject({ ids: [one], ...begin });
    expect(await page({ last: 2, before: one })).toMatchObject({ ids: [], ...begin });

    const between = { after: one, before: five };
    expect((await page(between)).ids).toEqual([two, three, four]);
    expect((await page({ ...between, first: 1 })).ids).toEqual([two]);
    expect((await page({ ...between, last: 1 })).ids).toEqual([four]);
  }

  it("page through the decisions of a run, oldest first, from both ends", async () => {
    const [runId, other] = [newId("Run"), newId("Run")];
    const ids = await decided(runId, 5);
    await decided(other, 2);
    await walk(decisionsOf(runId), ids);
  });

  it("page through the audit, newest first, from both ends, also where only some events fit", async () => {
    await walk(auditOf("walk"), await audited("walk", 5));
    const denied = await audited("filter", 5, { decision: "deny", category: "security" });
    await audited("filter", 5);
    const filter = { decision: "deny", category: ["SECURITY", "SYNC"], actor: "user:ada", subject: "tool:clock" };
    const page = auditOf("filter");
    await walk((args) => page({ filter, ...args }), denied);
    expect((await page({ filter: { ...filter, category: ["POLICY"] } })).ids).toEqual([]);
  });

  it("give fifty when nothing is asked for, two hundred at most, and nothing of what does not exist", async () => {
    const runId = newId("Run");
    await decided(runId, 60);
    await audited("many", 60);
    for (const page of [decisionsOf(runId), auditOf("many")]) {
      expect(await page({})).toMatchObject({ ids: { length: 50 }, hasNextPage: true });
      expect(await page({ last: 200 })).toMatchObject({ ids: { length: 60 }, hasPreviousPage: false });
      for (const args of [{ first: 201 }, { last: 201 }, { first: 0 }, { first: 1, last: 1 }])
        await expect(page(args)).rejects.toMatchObject({ code: "BAD_INPUT" });
    }
    for (const page of [decisionsOf(newId("Run")), decisionsOf("nope"), auditOf("nobody")])
      expect(await page({})).toMatchObject({ ids: [], hasNextPage: false, hasPreviousPage: false });
  });

  it("refuse a cursor they did not make, and show nothing of another tenant after one of its own", async () => {
    const runId = newId("Run");
    const [decision] = await decided(runId, 2);
    const [event] = await audited("mine", 2);
    for (const [page, own] of [
      [decisionsOf(runId), decision],
      [auditOf("mine"), event],
    ] as const) {
      for (const cursor of ["nonsense", "", `${own}.1`])
        for (const args of [{ after: cursor }, { before: cursor }])
          await expect(page(args)).rejects.toMatchObject({ code: "CURSOR_INVALID" });
      for (const args of [{}, { after: own }, { last: 5 }]) expect((await page(args, "stranger")).ids).toEqual([]);
    }
  });

  it("cost one transaction, however many runs and pages are asked for", async () => {
    const runIds = [newId("Run"), newId("Run"), newId("Run")];
    const ids: string[][] = [];
    for (const runId of runIds) ids.push(await decided(runId, 4));
    const before = transactions;
    const { _entities } = await ask(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) {
        ... on Run { decisions { nodes { id } } begin: decisions(first: 1) { nodes { id } } end: decisions(last: 2) { nodes { id } } } } }`,
      { representations: runIds.map((id) => ({ __typename: "Run", id })) },
    );
    expect(transactions - before).toBe(1);
    const of = (name: string): string[][] =>
      _entities.map((run: Answer) => run[name].nodes.map((one: Answer) => one.id));
    expect(of("decisions")).toEqual(ids);
    expect(of("begin")).toEqual(ids.map((all) => all.slice(0, 1)));
    expect(of("end")).toEqual(ids.map((all) => all.slice(-2)));
  });
});
