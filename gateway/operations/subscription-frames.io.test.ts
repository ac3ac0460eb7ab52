import { RetryLater } from "@soma/shared/errors";
import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import type { BareSocket } from "../testing/bare-socket.ts";
import { createLab, type Lab, read } from "../testing/lab.ts";
import { createCallerBounds } from "./caller-bounds.ts";

const SEQS = 'subscription { steps(runId: "7") { seq } }';
const CALLS = 'subscription { steps(runId: "7") { seq run { invocations } } }';
const SLOW = 'subscription { steps(runId: "7") { seq run { title slow(ms: 20000) } } }';

let lab: Lab;
afterEach(() => lab.close());

const seqsOf = (results: { data: { steps: { seq: number } } }[]) => results.map(({ data }) => data.steps.seq);

describe("what is read for an event of a subscription", () => {
  it("has the time of a query: what is late is null, and the subscription goes on", async () => {
    lab = await createLab({ queryMs: 200, subgraphMs: 60_000 });
    const reading = read(lab.connect(), SLOW);
    for (let count = 1; count <= 2; count += 1) {
      lab.state.publish();
      await until(`${count} events came`, () => reading.results.length === count);
    }
    const late = { message: "the operation took longer than 200 ms", path: ["steps", "run"] };
    expect(reading.results).toMatchObject(
      [1, 2].map((seq) => ({
        data: { steps: { seq, run: { title: "Run 7", slow: null } } },
        errors: [{ ...late, extensions: { code: "TIMEOUT", retryable: true } }],
      })),
    );
    expect(reading.ended).toBeUndefined();
    await until("the subgraph heard it", () => lab.state.abandoned === 2);
  });

  it("is given up when its client leaves", async () => {
    lab = await createLab({ subgraphMs: 60_000 });
    const client = lab.connect();
    const [reading, other] = [read(client, SLOW), read(client, SEQS)];
    lab.state.publish();
    await until("it is being read", () => lab.state.slow === 1 && other.results.length === 1);
    reading.stop();
    await until("both subgraphs heard it", () => lab.state.abandoned === 1 && lab.state.open === 1);
    await until("it is over", async () => (await lab.load()).subscriptions === 1);
    expect([reading.results, (await lab.load()).connections]).toEqual([[], 1]);
  });

  it("is paid from the caller's allowance, and waits for it; an event that holds all that is asked for does not", async () => {
    const bounds = createCallerBounds({ ...DEFAULT_LIMITS, allowance: 1e6 });
    const seen = { empty: false, tries: 0, taken: [] as number[], refused: [] as string[] };
    const callers: typeof bounds = {
      ...bounds,
      async take(_principal, amount) {
        seen.tries += 1;
        if (seen.empty) throw new RetryLater("too fast", 5);
        seen.taken.push(amount);
      },
    };
    lab = await createLab({}, { inProcess: { options: { callers, onRefused: (bound) => seen.refused.push(bound) } } });
    const client = lab.connect();
    const [calls, seqs] = [read(client, CALLS), read(client, SEQS)];
    await until("both are followed", () => lab.state.open === 2);
    seen.empty = true;
    seen.taken = [];
    seen.tries = 0;
    for (let count = 1; count <= 3; count += 1) lab.state.publish();
    await until("one is slowed, the other is not", () => seen.tries > 2 && seqs.results.length === 3);
    expect([calls.results, calls.ended, seen.refused]).toEqual([[], undefined, ["frames of a caller"]]);
    seen.empty = false;
    await until("nothing was lost", () => calls.results.length === 3);
    expect([seqsOf(calls.results), seen.taken]).toEqual([
      [1, 2, 3],
      [1, 1, 1],
    ]);
  });

  it("is read for a few events of one caller at once, and for those of others all the same", async () => {
    lab = await createLab({ framesPerCaller: 2 });
    const ada = Array.from({ length: 5 }, () => read(lab.connect(), SLOW));
    await until("all are followed", () => lab.state.open === 5);
    lab.state.publish();
    await until("two are read for", () => lab.state.slow === 2);
    read(lab.connect(await lab.token({ subject: "user:eve" })), SLOW);
    await until("the other caller is, too", () => lab.state.slow === 3);
    for (const { stop } of ada) stop();
    await until("no more of them are begun", () => lab.state.abandoned === 2 && lab.state.open === 1);
    expect(lab.state.slow).toBe(3);
  });
});

describe("events that nobody reads", () => {
  /** A reader that does not read, until its subscription is over. */
  async function floodUnread(): Promise<BareSocket> {
    const slow = await lab.openSocket();
    slow.pause();
    const query = "subscription { flood(count: 300, size: 200000) { seq note } }";
    slow.send({ id: "1", type: "subscribe", payload: { query } });
    await until("it was followed", async () => (await lab.load()).subscriptions === 1);
    return slow;
  }

  async function endOf(slow: BareSocket) {
    slow.resume();
    await until("the reader reads why", () => slow.messages.at(-1)?.type === "error");
    expect(slow.messages.length).toBeLessThan(300);
    return slow.messages.at(-1)?.payload as { message: string; extensions: { code: string } }[];
  }

  it("are too many when their bytes are, however few they are", async () => {
    const bounds = createCallerBounds({ ...DEFAULT_LIMITS, allowance: 1e6 });
    let ended = 0;
    const callers: typeof bounds = {
      ...bounds,
      async enter(principal, counted) {
        const leave = await bounds.enter(principal, counted);
        return () => {
          if (counted === "subscriptions") ended += 1;
          leave();
        };
      },
    };
    lab = await createLab({ queuedEvents: 1_000, queuedBytes: 2_000_000 }, { inProcess: { options: { callers } } });
    const slow = await floodUnread();
    await until("it was ended", () => ended > 0);
    const [end] = await endOf(slow);
    expect(end?.extensions.code).toBe("SLOW_CONSUMER");
    const [, events, bytes] = /^(\d+) events of (\d+) bytes wait/.exec(end?.message ?? "") ?? [];
    expect([Number(events), Math.floor(Number(bytes) / 200_000)]).toEqual([9, 9]);
  });

  it("count among all that waits to be read", async () => {
    const refused: string[] = [];
    const options = { onRefused: (bound: string) => refused.push(bound) };
    lab = await createLab(
      { queuedEvents: 1_000, queuedBytes: 1e9, unreadBytesOfAll: 3_000_000 },
      { inProcess: { options } },
    );
    const slow = await floodUnread();
    await until("it was ended", () => refused.length > 0);
    expect(await endOf(slow)).toMatchObject([{ extensions: { code: "SLOW_CONSUMER", retryable: true } }]);
    expect(refused).toEqual(["unread bytes of all"]);
  });
});
