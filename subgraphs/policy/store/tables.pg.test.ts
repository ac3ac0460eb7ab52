import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { findDrift } from "@soma/shared/testing/table-drift";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyMigrations } from "../migrate.ts";
import {
  auditEvent,
  auditLeaf,
  auditSeal,
  auditUnsealed,
  decision,
  decisionInput,
  policyBundle,
  policyData,
} from "./tables.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase("policy", await policyMigrations());
});
afterAll(async () => database.close());

describe("the tables of policy", () => {
  it("are declared as the migrations make them", async () => {
    for (const table of [
      decision,
      decisionInput,
      policyBundle,
      policyData,
      auditEvent,
      auditUnsealed,
      auditLeaf,
      auditSeal,
    ])
      expect(await findDrift(database, table)).toEqual([]);
  });
});
