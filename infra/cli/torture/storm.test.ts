import { SomaRequestError } from "@soma/graphql/client";
import {
  DecideApprovalDocument,
  RunEventsPageDocument,
  RunsDocument,
  StartRunDocument,
  WaitingRunsDocument,
} from "@soma/graphql/operations";
import { describe, expect, it } from "vitest";
import { createPlan } from "./plan.ts";
import type { TorturedProduct } from "./product.ts";
import { runAll, untilAnswered } from "./storm.ts";
import { survey } from "./survey.ts";
import { checkAsked } from "./torture.ts";

const { runs } = createPlan({ runs: 3, seed: 1, killEveryMs: 1_000 });
const away = new SomaRequestError("away", { code: "UNREACHABLE", retryable: true });
const page = (nodes: object[]) => ({ runs: { nodes, pageInfo: { hasNextPage: false, endCursor: null } } });

/** Of the operations that are asked, what a test looks at. */
interface Variables {
  input?: { idempotencyKey: string; input?: { order: string } };
  filter?: object;
}

/** A product that takes each start at the second asking; the second run asks a person before it ends. */
function aProduct() {
  const keys: string[] = [];
  const decided: unknown[] = [];
  let looks = 0;
  const answer = (document: unknown, { input, filter }: Variables): unknown => {
    if (document === StartRunDocument) {
      const key = input?.idempotencyKey ?? "";
      keys.push(key);
      if (keys.filter((each) => each === key).length === 1) throw away;
      return { startRun: { run: { id: `run-${input?.input?.order}` } } };
    }
    const id = `run-${runs[1]?.order}`;
    if (document === WaitingRunsDocument) return { runs: { nodes: [{ id, pendingApprovals: [{ id: "a1" }] }] } };
    if (document === DecideApprovalDocument) {
      decided.push(input);
      return {};
    }
    if (document === RunEventsPageDocument) return { runEventsPage: { events: [] } };
    if (document !== RunsDocument) throw new Error("something else was asked");
    if (filter === undefined) {
      const ended = { status: "SUCCEEDED", answer: "found", recoveries: 1, headSeq: 0 };
      return page([
        { id, ...ended },
        { id: "run-2", ...ended, headSeq: 5 },
        { id: "of-others", ...ended },
      ]);
    }
    looks += 1;
    return page(decided.length > 0 ? [] : [{ id, status: looks === 1 ? "RUNNING" : "WAITING_APPROVAL" }]);
  };
  const client = { request: async (document: unknown, variables: Variables) => answer(document, variables) };
  return { product: { client } as unknown as TorturedProduct, keys, decided, id: `run-${runs[1]?.order}` };
}

describe("runAll()", () => {
  it("starts each run under one key until it is acknowledged, answers by the ledger, and ends with the last run", async () => {
    const { product, keys, decided } = aProduct();
    const told: number[] = [];
    const acknowledged = await runAll(product, {
      runs,
      isPaid: (order) => order === runs[1]?.order,
      signal: new AbortController().signal,
      onProgress: ({ ended }) => void told.push(ended),
    });
    expect(acknowledged).toEqual(new Map(runs.map(({ order }) => [order, `run-${order}`])));
    expect(keys.toSorted()).toEqual(runs.flatMap(({ order }) => [order, order]).toSorted());
    expect(decided).toEqual([expect.objectContaining({ approvalId: "a1", approve: true })]);
    expect(told.at(-1)).toBe(runs.length);
  });

  it("ends when it is stopped, whatever is still under way", async () => {
    const { product } = aProduct();
    const options = { runs, isPaid: () => false, onProgress: () => {} };
    expect(await runAll(product, { ...options, signal: AbortSignal.abort() })).toEqual(new Map());
  });
});

describe("untilAnswered()", () => {
  it("throws what can never be answered", async () => {
    const refused = new SomaRequestError("no such graph", { code: "BAD_INPUT", retryable: false });
    await expect(
      untilAnswered(
        () => Promise.reject(refused),
        () => false,
      ),
    ).rejects.toBe(refused);
  });
});

describe("survey()", () => {
  it("reads the runs that are wanted, and tells of a history that is not whole", async () => {
    const { product, id } = aProduct();
    const found = await survey(product, new Set([id, "run-2"]), new AbortController().signal);
    const run = { status: "SUCCEEDED", answer: "found", error: null, recoveries: 1, wasAsked: false, wasFound: true };
    expect(found).toEqual(
      new Map([
        [id, { ...run, faults: ["the run ended 0 times"] }],
        ["run-2", { ...run, faults: ["the history of run run-2 ends with event 0, and 5 is its last"] }],
      ]),
    );
  });
});

describe("checkAsked()", () => {
  it("takes a product that refused what it was asked for as no proof", () => {
    expect(() => checkAsked(3, 3)).not.toThrow();
    expect(() => checkAsked(1_000, 3)).toThrow("only 3 of 1000 runs were acknowledged");
  });
});
