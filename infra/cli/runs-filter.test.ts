import { describe, expect, it } from "vitest";
import { describeFilter, type RunsFilterOptions, toRunFilter } from "./runs-filter.ts";

const NOW = Date.parse("2026-11-26T12:00:00Z");

describe("toRunFilter()", () => {
  it.each<[RunsFilterOptions, object]>([
    [{}, {}],
    [{ status: "failed, RUNNING" }, { status: ["FAILED", "RUNNING"] }],
    [{ status: "active,paused" }, { status: ["QUEUED", "RUNNING", "WAITING_APPROVAL", "PAUSED"] }],
    [
      { agent: "research", text: "zwölf 猫" },
      { graph: "research", text: "zwölf 猫" },
    ],
    [
      { outcome: "problem,OK", recovered: true, role: "reader" },
      { outcome: ["INCOMPLETE", "WITH_FAILURES", "WITH_DENIALS", "OK"], recovered: true, role: "reader" },
    ],
    [{ since: "90m" }, { createdAfter: "2026-11-26T10:30:00.000Z" }],
    [{ since: "2d" }, { createdAfter: "2026-11-24T12:00:00.000Z" }],
    [{ since: "2026-11-01" }, { createdAfter: "2026-11-01T00:00:00.000Z" }],
    [{ since: "2026-11-01T10:00:00+02:00" }, { createdAfter: "2026-11-01T08:00:00.000Z" }],
  ])("of %j is %j", (options, filter) => {
    expect(toRunFilter(options, NOW)).toEqual(filter);
  });

  it.each<[RunsFilterOptions, string]>([
    [{ status: "done" }, '--status "done" is none of active, queued, running'],
    [{ status: "failed," }, '--status "" is none of active'],
    [{ status: "toString" }, '--status "toString" is none of'],
    [{ outcome: "bad" }, '--outcome "bad" is none of problem, ok, incomplete'],
    [{ since: "yesterday" }, '--since "yesterday" is neither a length of time, such as 30m'],
    [{ since: "1" }, '--since "1" is neither'],
    [{ since: "999999w" }, '--since "999999w" is neither'],
    [{ since: "2026-02-30" }, '--since "2026-02-30" is neither'],
    [{ since: "2026-11-26T10:00" }, '--since "2026-11-26T10:00" is neither'],
    [{ since: "2026-11-26T25:00:00Z" }, '--since "2026-11-26T25:00:00Z" is neither'],
  ])("of %j is refused by its name", (options, message) => {
    expect(() => toRunFilter(options, NOW)).toThrow(message);
  });
});

describe("describeFilter()", () => {
  it("says what was asked for, as it is typed", () => {
    const all = { status: "failed,paused", agent: "a", text: "it's $(b)", since: "1h" };
    expect(describeFilter(all)).toBe("--status failed,paused --agent a --text 'it'\\''s $(b)' --since 1h");
    expect(describeFilter({ recovered: true, role: "a b", outcome: "ok" })).toBe(
      "--outcome ok --recovered --role 'a b'",
    );
    expect(describeFilter({})).toBe("");
  });
});
