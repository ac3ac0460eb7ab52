import { describe, expect, it } from "vitest";
import { faultsOfPage, faultsOfSoak, type PageCosts } from "./page-limits.ts";

const spread = (p50: number, p95 = p50) => ({ p50, p95 });
const whole = { elements: 1_500, heapMb: 80 };
const AT_THE_LIMIT: PageCosts = {
  scriptBytes: 150_000,
  firstPaintMs: spread(400, 900),
  list: { firstLinesMs: spread(300, 900), elements: 1_500 },
  run: { firstLinesMs: spread(1_000, 3_000), elements: 1_500 },
  whole: { timeline: whole, events: whole },
  commitToScreenMs: { short: spread(1, 150), long: spread(1, 150) },
  recoveryMs: 2_000,
};

describe("faultsOfPage()", () => {
  it("finds nothing at the limits, and each of them where it is passed", () => {
    expect(faultsOfPage(AT_THE_LIMIT)).toEqual([]);
    const passed: Partial<PageCosts>[] = [
      { scriptBytes: 150_001 },
      { firstPaintMs: spread(401) },
      { list: { firstLinesMs: spread(301), elements: 1 } },
      { list: { firstLinesMs: spread(1), elements: 1_501 } },
      { run: { firstLinesMs: spread(1_001), elements: 1 } },
      { whole: { timeline: whole, events: { ...whole, elements: 1_501 } } },
      { whole: { timeline: { ...whole, heapMb: 81 }, events: whole } },
      { commitToScreenMs: { short: spread(1, 151), long: spread(1) } },
      { commitToScreenMs: { short: spread(1), long: spread(1, 151) } },
      { recoveryMs: 2_001 },
    ];
    for (const one of passed) expect([one, faultsOfPage({ ...AT_THE_LIMIT, ...one }).length]).toEqual([one, 1]);
  });

  it("takes what was not measured for a fault", () => {
    expect(faultsOfPage({ ...AT_THE_LIMIT, recoveryMs: Number.NaN })).toEqual([expect.stringContaining("NaN")]);
  });
});

describe("faultsOfSoak()", () => {
  const none = { heapKb: 0, elements: 0, listeners: 0 };

  it("lets events of a followed run stay, and no more", () => {
    expect(faultsOfSoak({ runs: 200, pass: none, follow: { heapKb: 65, elements: 0.5, listeners: 0.5 } }, 1)).toEqual(
      [],
    );
    const grown = { heapKb: 66, elements: 1, listeners: 1 };
    expect(faultsOfSoak({ runs: 200, pass: grown, follow: grown }, 2)).toHaveLength(7);
  });
});
