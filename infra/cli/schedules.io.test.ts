import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { createSchedule, listSchedules, pauseSchedule } from "./schedules.ts";
import { printed, startStubProduct } from "./testing/stub-product.ts";

const SCHEDULE = {
  id: "s1",
  name: "morning\u001b[2J",
  cron: "30 9 * * 1-5",
  timeZone: "Europe/Berlin",
  overlap: "SKIP",
  graph: "assistant",
  input: { text: "What is new?" },
  role: "assistant",
  isPaused: false,
  nextAt: "2026-11-27T08:30:00.000Z",
  lastTickAt: null,
  fault: null,
  lastRun: { id: "r1", status: "SUCCEEDED" },
};

describe("soma schedules", () => {
  let product: Product;
  let answer: unknown;
  let asked: { variables: { input?: object } };
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct((body) => {
      asked = body;
      return { data: answer };
    }));
  });
  afterAll(() => close());

  const told = async (work: () => Promise<void>): Promise<string> => (await printed(work)).trim();

  it("list: when each has its next time, how the last run went, and why there was none", async () => {
    answer = {
      schedules: [SCHEDULE, { ...SCHEDULE, id: "s2", isPaused: true, lastRun: null, fault: "there is no graph" }],
    };
    const lines = (await told(() => listSchedules(product, false))).split("\n");
    expect(lines[1]).toMatch(/^s1 .*30 9 \* \* 1-5 +Europe\/Berlin +skip +2026-11-27T08:30:00.000Z +r1 SUCCEEDED/);
    expect(lines[2]).toMatch(/^s2 .* paused +none: there is no graph/);
    answer = { schedules: [] };
    expect(await told(() => listSchedules(product, false))).toContain("no schedules yet; make one with `npx soma");
  });

  it("create: asks for what was said, and refuses a policy it does not know", async () => {
    answer = { createSchedule: { schedule: SCHEDULE } };
    const { name, cron, timeZone, graph } = SCHEDULE;
    const options = { name, cron, timeZone, graph, text: "What is new?", json: false };
    const said = await told(() => createSchedule(product, { ...options, overlap: "cancel_previous" }));
    expect(said).toMatch(/^schedule s1 \(morning.*\) begins at 2026-11-27T08:30:00.000Z$/);
    expect(said).not.toContain("\u001b");
    expect(asked.variables.input).toMatchObject({ cron, overlap: "CANCEL_PREVIOUS", input: { text: "What is new?" } });
    await expect(createSchedule(product, { ...options, overlap: "never" })).rejects.toThrow(
      '--overlap "never" is none of skip, queue, cancel_previous',
    );
  });

  it("pause: tells which one, as JSON where that is asked for", async () => {
    answer = { pauseSchedule: { schedule: { ...SCHEDULE, isPaused: true } } };
    expect(JSON.parse(await told(() => pauseSchedule(product, { id: "s1", json: true })))).toMatchObject({
      isPaused: true,
    });
  });
});
