import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSomaClient } from "@soma/graphql/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Product } from "./find-product.ts";
import { hintsFor } from "./hints.ts";
import { createSchedule, listSchedules, pauseSchedule } from "./schedules.ts";

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
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked = JSON.parse(body);
      response.end(JSON.stringify({ data: answer }));
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    product = { url, token: "t", client: createSomaClient({ url, token: "t" }), hints: hintsFor({}, "/") };
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function told(work: () => Promise<void>): Promise<string> {
    let written = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      written += String(text);
      return true;
    });
    await work().finally(() => vi.restoreAllMocks());
    return written.trim();
  }

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
