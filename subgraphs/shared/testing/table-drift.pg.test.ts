import { integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { findDrift } from "./table-drift.ts";

const MADE = `create table thing (
  tenant text not null, thing_id int not null, note text, made_at timestamptz not null, primary key (tenant, thing_id)
)`;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase("drift", [{ name: "0001-thing", sql: MADE }]);
});
afterAll(async () => database.close());

const tenant = text("tenant").notNull();
const thingId = integer("thing_id").notNull();
const note = text("note");
const madeAt = timestamp("made_at", { withTimezone: true }).notNull();

describe("findDrift()", () => {
  it("finds nothing where declaration and migrations agree", async () => {
    const thing = pgTable("thing", { tenant, thingId, note, madeAt }, (t) => [
      primaryKey({ columns: [t.tenant, t.thingId] }),
    ]);
    expect(await findDrift(database, thing)).toEqual([]);
  });

  it("tells every difference, in both directions", async () => {
    const thing = pgTable("thing", {
      tenant: text("tenant"),
      thingId: text("thing_id").notNull(),
      madeAt,
      colour: text("colour"),
    });
    expect(await findDrift(database, thing)).toEqual([
      "thing.tenant is declared nullable and is not null",
      "thing.thing_id is declared text and is integer",
      "thing.colour is declared and the database does not have it",
      "thing.note is in the database and not declared",
      "thing is declared with the primary key () and has (tenant, thing_id)",
    ]);
  });

  it("accepts a column that is left out with a reason, as long as it is", async () => {
    const short = pgTable("thing", { tenant, thingId, madeAt }, (t) => [
      primaryKey({ columns: [t.tenant, t.thingId] }),
    ]);
    expect(await findDrift(database, short, { leftOut: { note: "nobody reads it" } })).toEqual([]);
    expect(await findDrift(database, short, { leftOut: { note: "nobody reads it", made_at: "old" } })).toEqual([
      "thing.made_at is said to be left out and is declared, or does not exist",
    ]);
  });

  it("tells a table that no migration makes", async () => {
    expect(await findDrift(database, pgTable("nothing", { tenant }))).toEqual([
      "table nothing is declared and no migration makes it",
    ]);
  });
});
