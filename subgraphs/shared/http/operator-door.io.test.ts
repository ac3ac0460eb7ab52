import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beforeReading, gauge } from "../metrics.ts";
import type { Listening } from "./listen.ts";
import { openOperatorDoor } from "./operator-door.ts";
import type { Faults } from "./readiness.ts";

describe("openOperatorDoor()", () => {
  let faults: Faults = {};
  let door: Listening;
  beforeAll(async () => {
    door = await openOperatorDoor(
      { runs: async () => faults, memory: async () => ({}) },
      { host: "127.0.0.1", port: 0 },
    );
  });
  afterAll(() => door.close());
  const ask = (path: string) => fetch(new URL(path, door.url));

  it("tells what each part lacks, in full", async () => {
    faults = {};
    const ready = await ask("/readyz");
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, parts: { runs: {}, memory: {} } }]);
    faults = { postgres: { reason: "away", detail: "away: connect ECONNREFUSED 10.1.2.3:5432" } };
    const unready = await ask("/readyz");
    expect([unready.status, await unready.json()]).toEqual([
      503,
      { ready: false, parts: { runs: { postgres: "away: connect ECONNREFUSED 10.1.2.3:5432" }, memory: {} } },
    ]);
    expect((await ask("/healthz")).status).toBe(200);
    expect((await ask("/graphql")).status).toBe(404);
  });

  it("tells metrics, with what is only known when it is asked for", async () => {
    const load = gauge("test_operator_door_load", "Of this test", []);
    let now = 1;
    const stop = beforeReading(() => load.set(now));
    const read = async () => /^test_operator_door_load (\d+)$/m.exec(await (await ask("/metrics")).text())?.[1];
    expect(await read()).toBe("1");
    now = 2;
    expect(await read()).toBe("2");
    stop();
    now = 3;
    expect(await read()).toBe("2");
  });

  it("refuses a page whose name was made to point at this machine", async () => {
    const statusFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get(new URL("/metrics", door.url), { headers: { host } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).on("error", reject);
      });
    expect(await statusFor("evil.example:9464")).toBe(421);
    expect(await statusFor("127.0.0.1.evil.example")).toBe(421);
    for (const host of ["localhost:9464", "127.0.0.1", "[::1]:9464"]) expect(await statusFor(host)).toBe(200);
  });
});
