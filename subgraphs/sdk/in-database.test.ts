import { describe, expect, it } from "vitest";
import { graph, replaced } from "./graph.ts";
import { inDatabase } from "./in-database.ts";
import type { SqlValue } from "./step-sql.ts";
import { testAgent } from "./test-agent.ts";
import { tryStep } from "./testing/step.ts";

const book = inDatabase<{ readonly total: number }>({
  type: "ledger",
  async run(_state, sql, { stepId }) {
    await sql`insert into ledger (entry, amount) values (${stepId}, ${4})`;
    const [row] = await sql`select sum(amount) as total from ledger`;
    return { summary: "booked", patch: { total: Number(row?.total) } };
  },
});
const booker = graph("booker", 1, { total: replaced(0) })
  .node("book", book)
  .build(({ total }) => String(total));

describe("inDatabase()", () => {
  it("is lent the database of the test, and sends values apart from the text", async () => {
    const asked: [string, readonly SqlValue[]][] = [];
    const tested = await testAgent(booker, {
      sql(statement, values) {
        asked.push([statement, values]);
        return statement.startsWith("select") ? [{ total: 4 }] : undefined;
      },
    });
    expect(tested).toMatchObject({ status: "SUCCEEDED", answer: "4" });
    const [[insert, values] = [], [select] = []] = asked;
    expect(insert).toBe("insert into ledger (entry, amount) values ($1, $2)");
    expect(values).toEqual([expect.stringMatching(/\.1$/), 4]);
    expect(select).toBe("select sum(amount) as total from ledger");
  });

  it("says what is missing where there is no database", async () => {
    const message = "a node of type ledger needs a database, and none was given here";
    expect(await testAgent(booker)).toMatchObject({ status: "FAILED", error: { code: "STEP_REFUSED", message } });
    await expect(tryStep(book, { state: { total: 0 } })).rejects.toThrow(message);
  });

  it("lends it to no other node", async () => {
    const peeker = graph("peeker", 1, { saw: replaced("") })
      .node("peek", { type: "peek", run: (_state, { sql }) => ({ summary: "", patch: { saw: typeof sql } }) })
      .build(({ saw }) => saw);
    expect((await testAgent(peeker, { sql: () => [] })).answer).toBe("undefined");
  });
});
