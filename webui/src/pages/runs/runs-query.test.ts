import { expect, test } from "vitest";
import { filterWords, parseQuery, toAddress, toVariables } from "./runs-query.ts";

const NOW = Date.parse("2026-11-26T12:00:00Z");
const NOTHING = {
  ...{ status: "", outcome: "", recovered: "", agent: "", role: "", since: "", text: "" },
  ...{ after: "", before: "" },
};

test("parseQuery() reads what toAddress() writes, and takes what it does not know for left out", () => {
  const query = parseQuery("status=failed&agent=assistant&since=24h&text=a+%26+b&after=c1");
  expect(query).toEqual({
    ...NOTHING,
    ...{ status: "failed", agent: "assistant", since: "24h", text: "a & b", after: "c1" },
  });
  const went = parseQuery("outcome=problem&recovered=yes&role=reader");
  expect(went).toEqual({ ...NOTHING, outcome: "problem", recovered: "yes", role: "reader" });
  expect(toAddress(went, {})).toBe("/runs?outcome=problem&recovered=yes&role=reader");
  expect(parseQuery(toAddress(query, { after: "c2" }).split("?")[1] ?? "")).toEqual({ ...query, after: "c2" });
  expect(parseQuery("status=toString&outcome=good&recovered=1&since=never&x=1")).toEqual(NOTHING);
  expect(parseQuery(`text=${"x".repeat(900)}`).text).toHaveLength(200);
});

test("toAddress() begins at the newest run again when a filter changes, and is bare without any", () => {
  const query = parseQuery("status=failed&after=c1");
  expect(toAddress(query, { agent: "a" })).toBe("/runs?status=failed&agent=a");
  expect(toAddress(query, { status: "" })).toBe("/runs");
  expect(toAddress(query, { before: "c0", after: "" })).toBe("/runs?status=failed&before=c0");
});

test("toVariables() asks for one page in the direction of the cursor", () => {
  expect(toVariables(parseQuery(""), NOW)).toEqual({ filter: {}, first: 50 });
  expect(toVariables(parseQuery("after=c"), NOW)).toEqual({ filter: {}, first: 50, after: "c" });
  expect(toVariables(parseQuery("before=c&after=d"), NOW)).toEqual({ filter: {}, last: 50, before: "c" });
  expect(toVariables(parseQuery("status=active&agent=a&since=1h&text=t"), NOW).filter).toEqual({
    status: ["QUEUED", "RUNNING", "WAITING_APPROVAL", "PAUSED"],
    graph: "a",
    createdAfter: "2026-11-26T11:00:00.000Z",
    text: "t",
  });
  expect(toVariables(parseQuery("outcome=problem&recovered=no&role=r"), NOW).filter).toEqual({
    outcome: ["INCOMPLETE", "WITH_FAILURES", "WITH_DENIALS"],
    recovered: false,
    role: "r",
  });
});

test("filterWords() says the filters that hold", () => {
  expect(filterWords(parseQuery("status=active&agent=a&since=7d&text=red"))).toEqual([
    "Not finished",
    "agent a",
    "last 7 days",
    "“red”",
  ]);
  expect(filterWords(parseQuery("outcome=with_denials&recovered=yes&role=r"))).toEqual([
    "outcome “Calls denied”",
    "recovered at least once",
    "role r",
  ]);
  expect(filterWords(parseQuery("after=c"))).toEqual([]);
});
