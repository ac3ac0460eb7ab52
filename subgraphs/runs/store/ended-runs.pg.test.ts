import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";
import { fillRuns } from "../testing/fill-runs.ts";
import { beginRuns } from "./begin-runs.ts";
import { claimRuns } from "./claim-runs.ts";
import { registerWorker } from "./register-worker.ts";

const ENDED = 20_000;

describe("beside many runs that ended", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    await fillRuns(database.owner, { tenant: "acme", sessionId: newId("Session"), count: ENDED, fromMs: 1_000_000 });
    await database.owner`analyze`;
  }, 60_000);
  afterAll(() => database.close());

  it("begin_runs() reads what it needs to begin one, and nothing of the others", async () => {
    const createdAt = new Date();
    const begin = (tx: Tx) =>
      beginRuns(tx, {
        runs: [
          {
            runId: newId("Run"),
            tenant: "acme",
            sessionId: newId("Session"),
            sessionIsNew: true,
            graph: "g",
            graphVersion: 1,
            graphHash: "h",
            role: "r",
            modelProfile: "m",
            input: {},
            startedBy: "u",
            priority: 0,
            createdAt,
            deadline: createdAt,
            idemKey: newId(),
            idemDigest: "d",
            traceParent: "",
          },
        ],
      });
    expect((await readsOf(database.request, { tenant: "acme" }, begin)).rows).toBeLessThan(20);
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
