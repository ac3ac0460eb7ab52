import { deltaChannelHistoryTests, validate } from "@langchain/langgraph-checkpoint-validation";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { langgraphMigrations } from "./migrate.ts";
import { SomaSaver } from "./saver.ts";

// The suite takes its verbs from the global scope; only this file has them there.
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it });

let database: TestDatabase;
let savers = 0;

beforeAll(async () => {
  database = await createTestDatabase("langgraph", await langgraphMigrations());
});
afterAll(async () => database.close());

/** Each saver is a tenant's of its own, so it begins empty, and sees nothing of the others. */
const ours = {
  checkpointerName: "SomaSaver",
  createCheckpointer() {
    savers += 1;
    return new SomaSaver({ url: database.urls.request, schema: database.schema, tenant: `tenant-${savers}`, max: 2 });
  },
  destroyCheckpointer: (saver: SomaSaver) => saver.close(),
};

describe("LangGraph's own suite for savers", () => {
  validate(ours);
  deltaChannelHistoryTests(ours);
});
