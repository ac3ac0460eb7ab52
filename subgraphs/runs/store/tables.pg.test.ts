import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { findDrift } from "@soma/shared/testing/table-drift";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";
import { erasure, hold, journal, run, schedule, session } from "./tables.ts";

const ENGINE = "only plain SQL of the engine's verbs reads it";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase("runs", await runsMigrations());
});
afterAll(async () => database.close());

describe("the tables of runs", () => {
  it("are declared as the migrations make them", async () => {
    expect(await findDrift(database, session)).toEqual([]);
    const ofRun = [
      "available_at",
      "behind",
      "branch",
      "cancel_reason",
      "children",
      "deadline",
      "depth",
      "epoch",
      "fruitless",
      "parent_call",
      "signals",
      "told_by_row",
      "waits_for",
      "worker_id",
    ];
    expect(await findDrift(database, run, { leftOut: leftOut(ofRun) })).toEqual([]);
    expect(await findDrift(database, schedule, { leftOut: leftOut(["leased_until"]) })).toEqual([]);
    expect(await findDrift(database, hold)).toEqual([]);
    expect(await findDrift(database, erasure, { leftOut: leftOut(["upto_run", "upto_seq"]) })).toEqual([]);
    expect(await findDrift(database, journal, { leftOut: leftOut(["branch", "epoch", "xid"]) })).toEqual([]);
  });
});

function leftOut(columns: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column) => [column, ENGINE]));
}
