import { newId } from "@soma/shared/ids";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolsMigrations } from "../migrate.ts";
import { fillInvocations } from "../testing/fill-invocations.ts";
import { findCancelRequests } from "./find-cancel-requests.ts";
import { findInvocations } from "./find-invocations.ts";
import { findStepInvocations } from "./find-step-invocations.ts";
import { listOpenAttempts } from "./list-open-attempts.ts";
import { listRunInvocations } from "./list-run-invocations.ts";
import { readFrames } from "./read-frames.ts";
import { readOutputs } from "./read-outputs.ts";

const PAGE = 51;
const AT = 1_700_000_000_000;
const tenant = "acme";
const [busy, resting, other] = [newId("Run"), newId("Run"), newId("Run")];

/** Twenty thousand invocations of one tenant, most of them of one run. */
describe("lists of invocations", () => {
  let database: TestDatabase;
  let ids: string[] = [];
  let talker = "";

  beforeAll(async () => {
    database = await createTestDatabase("tools", await toolsMigrations());
    const { owner } = database;
    await fillInvocations(owner, { tenant, runId: resting, count: 4_000, fromMs: AT - 20_000 });
    ids = await fillInvocations(owner, { tenant, runId: busy, count: 16_000, fromMs: AT });
    await fillInvocations(owner, { tenant: "other", runId: other, count: 2_000, fromMs: AT });
    [talker = ""] = ids;
    await owner`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind, data)
      select ${tenant}, ${talker}, 1, n, n, 'data', 'more' from generate_series(2, 5000) n`;
    await owner`update invocation set step_id = ${`${busy}.1`} where invocation_id = any (${ids.slice(0, 3_000)}::uuid[])`;
    await owner`analyze invocation, stream_frame`;
  }, 60_000);
  afterAll(() => database.close());

  const expectFew = async (
    verb: (tx: Tx) => Promise<unknown>,
    { rows = 4 * PAGE, sql = database.request }: { rows?: number; sql?: Sql } = {},
  ): Promise<void> => {
    const read = await readsOf(sql, sql === database.request ? { tenant } : {}, verb);
    expect(read.scans).toBe(0);
    expect(read.rows).toBeLessThan(rows);
    expect(read.pages).toBeLessThan(2 * rows);
  };

  it.each([false, true])(
    "of runs read their own rows, at the first page as at the tenth, backward %s",
    async (backward) => {
      const after = { startedMicros: String((AT + 500) * 1_000), invocationId: ids[500] ?? "" };
      const before = { startedMicros: String((AT + 15_000) * 1_000), invocationId: ids[15_000] ?? "" };
      for (const owners of [[busy], [resting], [busy, resting], [newId("Run")]])
        for (const place of [{}, { after }, { before }, { after, before }])
          await expectFew((tx) => listRunInvocations(tx, { tenant, owners, ...place, backward, limit: PAGE }), {
            rows: 8 * PAGE,
          });
    },
  );

  it("of steps, by id and with their output are found by keys", async () => {
    const page = ids.slice(1, PAGE);
    await expectFew((tx) => findInvocations(tx, { tenant, invocationIds: page }));
    await expectFew((tx) => findStepInvocations(tx, { tenant, stepIds: page.map((_id, n) => `${busy}.${n}`) }));
    await expectFew((tx) => readOutputs(tx, { tenant, invocationIds: page }), { rows: 8 * PAGE });
  });

  it("and of frames read their own rows, however much a tool has said", async () => {
    await expectFew((tx) => readFrames(tx, { tenant, invocationId: talker, after: -1, limit: PAGE }));
    await expectFew((tx) => readFrames(tx, { tenant, invocationId: talker, after: 4_000, limit: PAGE }));
  });

  it("that an executor looks at cost nothing when it runs nothing", async () => {
    const executorId = newId();
    const sql = database.worker;
    await expectFew((tx) => listOpenAttempts(tx, { executorId }), { sql });
    await expectFew((tx) => findCancelRequests(tx, { executorId }), { sql });
  });
});
