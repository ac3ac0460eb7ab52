import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { GROWTHS } from "../testing/hostile-growth.ts";

const DOCUMENTS = 10_000;
const SEED = 20_261_126;
const MAX_CPU_MS = 100;
/** Of the work for each byte, when a request grows to twice its size: what grows with the square of it comes to 2. */
const NO_FASTER = 1.25;
/** About half a millisecond: below it nested lists may grow as the planner looks at them, twice for each level. */
const NEXT_TO_NOTHING = 20_000;

interface Counted {
  kind: string;
  bytes: number;
  work: number;
}

/** In a process of its own, where no measurement of coverage slows it down or counts with it. */
async function measure(program: string, ...args: string[]): Promise<unknown> {
  const file = fileURLToPath(new URL(`../../tests/load/${program}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], {
    timeout: 280_000,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout);
}

describe("a hostile request", () => {
  it(`is answered or refused with a code of ours, for ${MAX_CPU_MS} ms of CPU at most: ${DOCUMENTS} of seed ${SEED}`, async () => {
    const { answered, unfit, worst } = (await measure("hostile-documents.ts", `${DOCUMENTS}`, `${SEED}`)) as {
      answered: Record<string, number>;
      unfit: unknown[];
      worst: { cpuMs: number }[];
    };
    expect(unfit).toEqual([]);
    // Each of these is the least of several times that this one request took of its own thread.
    expect(worst.filter(({ cpuMs }) => cpuMs > MAX_CPU_MS)).toEqual([]);
    // Most are refused, by design; a test that only sees refusals would not see what planning and the services cost.
    expect(Object.keys(answered)).toEqual(
      expect.arrayContaining(["chain", "introspection", "literals", "mixed", "repeat", "texts", "variables", "walk"]),
    );
    const sum = Object.values(answered).reduce((a, b) => a + b, 0);
    expect(sum).toBeGreaterThan(DOCUMENTS / 10);
    expect(sum).toBeLessThan((9 * DOCUMENTS) / 10);
  }, 290_000);

  it("costs no more for each byte when it grows, however it is made", async () => {
    const counted = (await measure("hostile-growth.ts")) as Counted[];
    expect(new Set(counted.map(({ kind }) => kind))).toEqual(new Set(Object.keys(GROWTHS)));
    const perByte = ({ work, bytes }: Counted): number => work / bytes;
    const faster = counted.flatMap((each, index) => {
      const half = counted[index - 1];
      if (half?.kind !== each.kind || each.work - half.work < NEXT_TO_NOTHING) return [];
      if (perByte(each) <= NO_FASTER * perByte(half)) return [];
      return [`${each.kind}: ${half.work} for ${half.bytes} bytes, ${each.work} for ${each.bytes}`];
    });
    expect(faster).toEqual([]);
  }, 290_000);
});
