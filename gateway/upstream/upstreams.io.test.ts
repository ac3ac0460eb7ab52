import { setTimeout as sleep } from "node:timers/promises";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import type { ExecutionResult } from "graphql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CountingSubgraph, startCountingSubgraph } from "../testing/counting-subgraph.ts";
import { createUpstreams, type Upstreams } from "./upstreams.ts";

const COUNT = `subscription ($after: Int!, $of: String) { count(after: $after, of: $of) {
  __typename ... on Batch { from to } ... on Heartbeat { head } ... on End { head } } }`;
const CURSORS = { count: { argument: "after", positions: { Batch: "to", Heartbeat: "head" } } };
const LIMITS = { keepAliveMs: 10_000, connectionInitMs: 5_000 };

/** Numbers of a generator that gives the same ones for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Counted {
  __typename: string;
  from: number;
  to: number;
}

interface Heard {
  after: number;
  numbers: number[];
  /** What came after the numbers. */
  ends: unknown[];
  leave(): void;
}

describe("createUpstreams()", () => {
  let subgraph: CountingSubgraph;
  let upstreams: Upstreams;
  let random: () => number;
  const start = async (seed: number, mostMs = 4): Promise<void> => {
    random = randomOf(seed);
    subgraph = await startCountingSubgraph({ random, mostMs });
    upstreams = createUpstreams({ cursors: CURSORS, limits: LIMITS });
  };
  beforeEach(() => start(1));
  afterEach(() => subgraph.close());

  function follow(after: number, changes: { of?: string; query?: string; who?: object } = {}): Heard {
    const { of = "a", query = COUNT, who = {} } = changes;
    const heard: Heard = { after, numbers: [], ends: [], leave: () => {} };
    heard.leave = upstreams.follow(
      {
        url: subgraph.url,
        query,
        variables: { after, of },
        principal: aPrincipal(who),
        connectionParams: async () => ({}),
      },
      {
        next({ data }: ExecutionResult) {
          const { __typename: type, from, to } = (data as { count: Counted }).count;
          if (type === "Batch") for (let n = from; n <= to; n += 1) heard.numbers.push(n);
          if (type === "End") heard.ends.push("end");
        },
        error: (error) => void heard.ends.push(error),
        complete: () => void heard.ends.push("complete"),
      },
    );
    return heard;
  }
  const count = (to: number): void => {
    for (let n = 0; n < to; n += 1) subgraph.count();
  };
  const all = (after: number, head: number): number[] => Array.from({ length: head - after }, (_, n) => after + n + 1);
  const asked = (open: number) => until(`${open} are asked`, () => subgraph.open.size === open);

  it("asks the subgraph once for forty who follow the same from the same place, and ends it with the last of them", async () => {
    const heard = Array.from({ length: 40 }, () => follow(0));
    expect(upstreams.open()).toBe(1);
    count(20);
    await until("all have heard it", () => heard.every(({ numbers }) => numbers.length === 20));
    expect(subgraph.open.size).toBe(1);
    for (const { leave } of heard.slice(1)) leave();
    count(3);
    await until("the last one goes on", () => heard[0]?.numbers.length === 23);
    expect(heard[1]?.numbers.length).toBe(20);
    heard[0]?.leave();
    expect(upstreams.open()).toBe(0);
    await asked(0);
    follow(23);
    await asked(1);
  });

  it("makes one of those who began elsewhere as soon as they have come equally far", async () => {
    count(200);
    const first = follow(0);
    await until("it has heard some", () => first.numbers.length > 20);
    const others = [0, 3, 50, 120, 200].map((after) => follow(after));
    expect(upstreams.open()).toBe(6);
    await until("one is left", () => upstreams.open() === 1);
    count(10);
    await until("all have heard it", () => [first, ...others].every(({ numbers }) => numbers.at(-1) === 210));
    for (const { after, numbers } of [first, ...others]) expect(numbers).toEqual(all(after, 210));
    await asked(1);
  });

  it("shares nothing with another tenant, subject or role, another question, or what has no cursor", async () => {
    const plain = COUNT.replace("from to", "from until: to to: from");
    follow(0);
    for (const who of [{ tenant: "b" }, { subject: "user:b" }, { roles: ["b"] }, { roles: [] }, { service: "s" }])
      follow(0, { who });
    follow(0, { of: "b" });
    follow(0, { query: `${COUNT} ` });
    for (let n = 0; n < 2; n += 1) follow(0, { query: plain });
    expect(upstreams.open()).toBe(10);
    await asked(10);
    follow(0, { who: { roles: [...aPrincipal().roles] } });
    expect(upstreams.open()).toBe(10);
  });

  it("tells those who hear it, and nobody else, that an upstream broke", async () => {
    count(1_000);
    const [one, two, far] = [follow(0), follow(0), follow(500)];
    await asked(2);
    subgraph.cut(0);
    await until("both are told", () => one.ends.length === 1 && two.ends.length === 1);
    expect(upstreams.open()).toBe(1);
    const last = one.numbers.at(-1) ?? 0;
    expect([one.numbers, two.numbers]).toEqual([all(0, last), all(0, last)]);
    const again = [follow(last), follow(last)];
    await until("all came to the end", () => [far, ...again].every(({ numbers }) => numbers.at(-1) === 1_000));
    for (const { after, numbers, ends } of [far, ...again]) expect([numbers, ends]).toEqual([all(after, 1_000), []]);
    expect(upstreams.open()).toBe(1);
  });

  it("goes on for the others when one leaves because of what it hears, and ends another one", async () => {
    const one = follow(0);
    const leaves = follow(0);
    const [ended, two] = [follow(0), follow(0)];
    const push = (): void => {
      for (const { leave } of [leaves, ended]) leave();
    };
    Object.defineProperty(leaves.numbers, "push", { value: push });
    count(5);
    await until("the others have heard it", () => one.numbers.length === 5 && two.numbers.length === 5);
    expect([leaves.numbers, ended.numbers, upstreams.open()]).toEqual([[], [], 1]);
  });

  it("loses nothing and tells nothing twice, whenever they come and go, to the end of the stream", async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      await subgraph.close();
      await start(seed);
      const heard: Heard[] = [];
      let head = 0;
      for (let moment = 0; moment < 60; moment += 1) {
        await sleep(random() * 6);
        for (let n = Math.floor(random() * 4); n > 0; n -= 1, head += 1) subgraph.count();
        if (random() < 0.5) heard.push(follow(Math.floor(random() * (head + 1))));
        if (random() < 0.1) heard.splice(Math.floor(random() * heard.length), 1)[0]?.leave();
      }
      await until("one is left", () => upstreams.open() === 1);
      subgraph.finish();
      await until("all are over", () => heard.every(({ ends }) => ends.includes("complete")));
      for (const { after, numbers, ends } of heard)
        expect([seed, numbers, ends]).toEqual([seed, all(after, head), ["end", "complete"]]);
      expect(upstreams.open()).toBe(0);
      await asked(0);
    }
  });

  it("tells the end once to each, also to those who come while it is being told", async () => {
    count(30);
    subgraph.finish();
    const heard: Heard[] = [];
    for (let n = 0; n < 60; n += 1) {
      heard.push(follow(n % 2 === 0 ? 30 : Math.floor(random() * 30)));
      await sleep(random());
    }
    await until("all are over", () => heard.every(({ ends }) => ends.includes("complete")));
    for (const { after, numbers, ends } of heard)
      expect([numbers, ends]).toEqual([all(after, 30), ["end", "complete"]]);
    expect(upstreams.open()).toBe(0);
  });
});
