import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES, read } from "../testing/lab.ts";

const STEPS =
  "subscription ($after: Int!) { steps(runId: 7, after: $after) { __typename seq run { title invocations } } }";
const QUIET = "subscription ($after: Int!) { steps(runId: 7, after: $after) { __typename seq note } }";
const LARGE =
  "subscription ($runId: ID!, $after: Int!) { steps(runId: $runId, after: $after) { __typename seq run { title } } }";

describe.each(RUNTIMES)("subscribe() to what others follow, on %s", (on) => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab({ queuedEvents: 8 }, { on });
  });
  afterEach(() => lab.close());

  const publish = (count: number): void => {
    for (let n = 0; n < count; n += 1) lab.state.publish();
  };
  const seqsOf = (results: { data: { steps: { seq: number } } }[]) => results.map(({ data }) => data.steps.seq);
  const upstreams = async (): Promise<string | undefined> =>
    /^soma_gateway_upstream_subscriptions (\d+)$/m.exec(await lab.metrics())?.[1];

  it("costs the subgraph one subscription for forty tabs of one run, as the metric says", async () => {
    publish(5);
    const tabs = Array.from({ length: 40 }, (_, n) => read(lab.connect(), QUIET, { after: n % 5 }));
    await until("one is left", async () => lab.state.open === 1 && (await upstreams()) === "1");
    publish(2);
    await until("all have heard it", () => tabs.every(({ results }) => seqsOf(results).at(-1) === 7));
    tabs.forEach(({ results }, n) => {
      expect(seqsOf(results)).toEqual([1, 2, 3, 4, 5, 6, 7].slice(n % 5));
    });
    expect([(await lab.load()).subscriptions, (await lab.load()).connections]).toEqual([40, 40]);
    for (const { stop } of tabs) stop();
    await until("it ends with the last of them", async () => lab.state.open === 0 && (await upstreams()) === "0");
  });

  it("reads for each what it asks of other subgraphs, as whoever asks", async () => {
    const [ada, again] = [1, 2].map(() => read(lab.connect(), STEPS, { after: 0 }));
    const eve = read(lab.connect(await lab.token({ subject: "user:eve" })), STEPS, { after: 0 });
    await until("all are followed", async () => lab.state.open === 2 && (await lab.load()).subscriptions === 3);
    publish(2);
    await until("all have heard it", () => [ada, again, eve].every((reading) => reading?.results.length === 2));
    for (const reading of [ada, again, eve])
      expect(reading?.results).toEqual(
        [1, 2].map((seq) => ({
          data: { steps: { __typename: "Step", seq, run: { title: "Run 7", invocations: ["call of 7"] } } },
        })),
      );
    const calls = lab.state.seen.filter(({ subject }) => subject === "user:eve");
    expect(calls.length).toBe(3);
  });

  it("ends one that reads nothing, and neither ends nor slows those who follow the same", async () => {
    const variables = { runId: "7".repeat(60_000), after: 0 };
    const quick = read(lab.connect(), LARGE, variables);
    const slow = await lab.openSocket();
    slow.send({ id: "1", type: "subscribe", payload: { query: LARGE, variables } });
    await until("both hear one upstream", async () => (await lab.load()).subscriptions === 2 && lab.state.open === 1);
    slow.pause();
    // Far more than the network keeps, in parts that one who reads is never behind with.
    const published = 1_000;
    for (let heard = 0; heard < published; heard += 5) {
      publish(5);
      await until("the quick one has heard it", () => quick.results.length === heard + 5);
    }
    expect(seqsOf(quick.results)).toEqual(Array.from({ length: published }, (_, n) => n + 1));
    expect([quick.ended, lab.state.open]).toEqual([undefined, 1]);
    slow.resume();
    await until("the slow one reads why", () => slow.messages.at(-1)?.type === "error");
    expect(slow.messages.at(-1)).toMatchObject({ payload: [{ extensions: { code: "SLOW_CONSUMER" } }] });
  });

  it("tells all of them when the subgraph is lost, who go on from their cursors", async () => {
    const first = [0, 0, 0].map((after) => read(lab.connect(), QUIET, { after }));
    publish(3);
    await until("all have heard it", () => first.every(({ results }) => results.length === 3));
    await lab.stopRuns();
    await until("all are told", () => first.every(({ ended }) => ended !== undefined));
    for (const { ended } of first) expect(ended).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
    await lab.startRuns();
    publish(2);
    const second = [3, 3, 3].map((after) => read(lab.connect(), QUIET, { after }));
    await until("all go on", () => second.every(({ results }) => results.length === 2));
    for (const { results } of second) expect(seqsOf(results)).toEqual([4, 5]);
    await until("as one", async () => lab.state.open === 1 && (await lab.load()).upstreams === 1);
  });
});
