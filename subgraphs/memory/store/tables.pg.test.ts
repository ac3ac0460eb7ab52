import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { findDrift } from "@soma/shared/testing/table-drift";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryMigrations } from "../migrate.ts";
import { brainSync, forgetting, forgettingRun, memoryCall, memoryEdge, memoryItem, memoryUnsynced } from "./tables.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase("memory", await memoryMigrations());
});
afterAll(async () => database.close());

describe("the tables of memory", () => {
  it("are declared as the migrations make them", async () => {
    const leftOut = {
      sync_state: "local for every memory, by its default: there is no other brain yet to bring them to",
      no: "its default counts, and only what forgets reads it",
      tokens: "they are searched by search_tokens and read by nobody else",
      words: "Postgres makes it of the content, and only search_memories reads it",
    };
    expect(await findDrift(database, memoryItem, { leftOut })).toEqual([]);
    expect(await findDrift(database, memoryCall)).toEqual([]);
    expect(await findDrift(database, memoryEdge)).toEqual([]);
    expect(await findDrift(database, memoryUnsynced)).toEqual([]);
    expect(await findDrift(database, brainSync)).toEqual([]);
    const upto = "its default counts, and only what forgets reads it";
    expect(await findDrift(database, forgetting, { leftOut: { upto } })).toEqual([]);
    expect(await findDrift(database, forgettingRun)).toEqual([]);
  });
});
