import { afterEach, describe, expect, it, vi } from "vitest";
import { CLASSES } from "./classes.ts";
import type { Finding } from "./judge.ts";
import { type Report, report } from "./report.ts";

function aReport(more: Partial<Report> = {}): Report {
  const counts = { runs: 1, lost: 0, repeated: 0, unknown: 0, reconciled: 0, recovered: 0, calls: 1 };
  return {
    rows: CLASSES.map(({ name }) => ({ effect: name, ...counts })),
    findings: [],
    seed: 7,
    deaths: { kills: 3, byTools: 1, longestAwayMs: 2_340 },
    tookMs: 60_000,
    home: undefined,
    ...more,
  };
}
const home = { folder: "/tmp/t", dataDir: "/tmp/t/data", projectDir: "/tmp/t/project" };
const twice = (order: string): Finding => ({
  invariant: "REPEATED",
  order,
  runId: "run-1",
  words: `${order} was paid for 2 times`,
});

afterEach(() => vi.restoreAllMocks());

/** What it prints, and what it gives. */
function told(given: Report, json = false): { text: string; good: boolean } {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  return { good: report(given, json), text };
}

describe("report()", () => {
  it("tells the classes, the seed, the deaths, and how to see it again", () => {
    const { good, text } = told(aReport());
    expect(good).toBe(true);
    for (const { name } of CLASSES) expect(text).toContain(name);
    expect(text).toContain("seed 7 · the product died 3 times by SIGKILL and once by a tool");
    expect(text).toContain("away 2.3 s at most");
    expect(text.match(/^holds /gm)).toHaveLength(3);
    expect(text).toContain("--seed 7 --keep");
  });

  it("tells what must not be with its run and the command that shows it, and ten of many", () => {
    const findings = Array.from({ length: 12 }, (_, at) => twice(`S-${at}`));
    const { good, text } = told(aReport({ findings, home }));
    expect(good).toBe(false);
    expect(text).toContain("FAILS  no effect was had twice   (npx soma --data /tmp/t/data runs watch RUN)");
    expect(text.match(/was paid for 2 times \(run run-1\)/g)).toHaveLength(10);
    expect(text).toContain("and 2 more");
    expect(text).toContain("npm start -- --data /tmp/t/data --project /tmp/t/project");
  });

  it("prints everything as JSON when that is asked for", () => {
    const { good, text } = told(aReport({ findings: [twice("S-1")], home }), true);
    expect([good, JSON.parse(text)]).toEqual([
      false,
      expect.objectContaining({ seed: 7, home: "/tmp/t", findings: [twice("S-1")] }),
    ]);
  });
});
