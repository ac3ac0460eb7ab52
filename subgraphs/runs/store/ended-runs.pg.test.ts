import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";
import { fillRuns } from "../testing/fill-runs.ts";
import { beginRuns, type NewRun } from "./begin-runs.ts";
import { claimRuns } from "./claim-runs.ts";
import { registerWorker } from "./register-worker.ts";

const ENDED = 20_000;

function aNewRun(changes: Partial<NewRun> = {}): NewRun {
  const createdAt = new Date();
  return {
    ...{ runId: newId("Run"), tenant: "acme", sessionId: newId("Session"), sessionIsNew: true },
    ...{
      graph: "g",
      graphVersion: 1,
      graphHash: "h",
      role: "r",
      modelProfile: "m",
      input: {},
      startedBy: "u",
      priority: 0,
    },
    ...{ createdAt, deadline: createdAt, idemKey: newId(), idemDigest: "d", traceParent: "", requestId: "" },
    ...changes,
  };
}

describe("beside many runs that ended", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    await fillRuns(database.owner, { tenant: "acme", sessionId: newId("Session"), count: ENDED, fromMs: 1_000_000 });
    await database.owner`analyze`;
  }, 60_000);
  afterAll(() => database.close());

  it("begin_runs() reads what it needs to begin one, and nothing of the others", async () => {
    const begin = (tx: Tx) => beginRuns(tx, { runs: [aNewRun()] });
    expect((await readsOf(database.request, { tenant: "acme" }, begin)).rows).toBeLessThan(20);
  });

  it("begin_runs() reads none of the others by a plan that was made when there were few of them, either", async () => {
    const young = await createTestDatabase("runs", await runsMigrations());
    try {
      const begin = (count: number) => (tx: Tx) =>
        beginRuns(tx, { runs: Array.from({ length: count }, () => aNewRun()) });
      // A plan is kept from its sixth use on; a test's pool gives the connection that was free last.
      for (let i = 0; i < 8; i += 1) await transaction(young.request, { tenant: "acme" }, begin(1));
      await transaction(young.request, { tenant: "acme" }, begin(400));
      expect((await readsOf(young.request, { tenant: "acme" }, begin(1))).rows).toBeLessThan(20);

      const known = aNewRun();
      await transaction(young.request, { tenant: "acme" }, (tx) => beginRuns(tx, { runs: [known] }));
      const kinds: Record<string, Partial<NewRun>> = {
        "a session that is there": { sessionIsNew: false, sessionId: known.sessionId },
        "a key that has a run": { idemKey: known.idemKey },
        "a large input": { input: { text: "x".repeat(10_000) } },
      };
      for (const [kind, changes] of Object.entries(kinds)) {
        const beginOne = (tx: Tx) => beginRuns(tx, { runs: [aNewRun(changes)] });
        expect((await readsOf(young.request, { tenant: "acme" }, beginOne)).rows, kind).toBeLessThan(40);
      }
    } finally {
      await young.close();
    }
  });

  it("claim_runs() claims what is due and reads none of them", async () => {
    const owner = await registerWorker(database.worker, {
      workerId: newId(),
      slots: 8,
      build: "test",
      leaseMs: 60_000,
    });
    const claim = (tx: Tx) => claimRuns(tx, { owner, graphs: ["g@1#h"], slots: 1 });
    expect((await readsOf(database.worker, {}, claim)).rows).toBeLessThan(120);
  });
});
