import { afterEach, describe, expect, it } from "vitest";
import { createSilentLog } from "./log.ts";
import { createLostHints } from "./lost-hints.ts";
import { until } from "./testing/until.ts";

describe("createLostHints()", () => {
  let close: () => Promise<void>;
  afterEach(() => close());

  function start() {
    const heads = new Map<string, number>();
    const asked: string[][] = [];
    const hinted: string[] = [];
    const lostHints = createLostHints({
      of: "things",
      everyMs: 1,
      log: createSilentLog(),
      wakeUp: { changed: (name) => void hinted.push(name) },
      async readHeads(tenant, names) {
        asked.push([tenant, ...names]);
        return new Map([...heads].filter(([name]) => names.includes(name)));
      },
    });
    close = lostHints.close;
    /** Until two more whole rounds are over. */
    async function rounds(): Promise<void> {
      const before = asked.length;
      await until("it looked", () => asked.length > before + 4);
    }
    return { watch: lostHints.watch, heads, asked, hinted, rounds };
  }

  it("asks once for each tenant, however many follow what", async () => {
    const { watch, asked, rounds } = start();
    for (let index = 0; index < 200; index += 1) watch(index % 2 === 0 ? "acme" : "other", `thing ${index % 4}`);
    await rounds();
    expect(new Set(asked.map((names) => names.join()))).toEqual(
      new Set(["acme,thing 0,thing 2", "other,thing 1,thing 3"]),
    );
  });

  it("hints what it sees for the first time, and then what has moved", async () => {
    const { watch, heads, hinted, rounds } = start();
    heads.set("quiet", 1).set("busy", 1);
    for (const name of ["quiet", "busy", "not there"]) watch("acme", name);
    await rounds();
    expect(hinted).toEqual(["quiet", "busy"]);
    heads.set("busy", 2).set("not there", 0);
    await rounds();
    expect(hinted).toEqual(["quiet", "busy", "busy", "not there"]);
  });

  it("asks as long as somebody follows", async () => {
    const { watch, asked, rounds } = start();
    const [first, second, other] = [watch("acme", "one"), watch("acme", "one"), watch("acme", "two")];
    first();
    other();
    await rounds();
    expect(asked.at(-1)).toEqual(["acme", "one"]);
    second();
    const keep = watch("other", "three");
    await rounds();
    expect(asked.at(-1)).toEqual(["other", "three"]);
    keep();
  });
});
