import { atMostOnce } from "@soma/sdk/at-most-once";
import { type AnyGraph, type GraphBuilder, graph, replaced } from "@soma/sdk/graph";
import type { NodeSpec } from "@soma/sdk/node";
import { TEST_RUN } from "@soma/sdk/testing/step";
import { wait } from "@soma/sdk/wait";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../domain/history.ts";
import { aHistory, type Draft } from "../../testing/events.ts";
import { replay } from "../execute/replay.ts";
import { createGraphRegistry } from "../graphs/graph-registry.ts";
import { judgeRun } from "./judge-run.ts";
import { findOld, pinsTakenOver, planTakeOver } from "./plan-take-over.ts";

interface State {
  readonly total: number;
}
const work = { type: "tool", run: () => ({ summary: "" }) };
const later = wait<State>(() => new Date(0));

/** It has a price, then waits, then pays. */
function bill(
  version: number,
  declare: (builder: GraphBuilder<State>) => unknown = () => {},
  { first = "price", pay = work as NodeSpec<State> } = {},
): AnyGraph {
  const builder = graph("bill", version, { total: replaced(0) })
    .node(first, work)
    .node("rest", later)
    .node("pay", pay)
    .edge(first, "rest")
    .edge("rest", "pay");
  declare(builder);
  return builder.build(({ total }) => String(total));
}

const old = bill(1);
const extra = (builder: GraphBuilder<State>) => builder.edge("pay", "thank").node("thank", { ...work, pure: true });
const compatible = bill(2, (builder) => extra(builder).compatibleWith(old.pin));

const begun: Draft = { kind: "RUN_STARTED", payload: { input: {} } };
const price: Draft[] = [
  { kind: "STEP_STARTED", step: 1, node: "price" },
  { kind: "STEP_SUCCEEDED", step: 1, node: "price", payload: { patch: { total: 40 } } },
];
const rests: Draft[] = [
  { kind: "STEP_PARKED", step: 2, node: "rest", nodeType: "wait", payload: { until: "2026-01-01" } },
];
const rested: Draft[] = [
  ...rests,
  { kind: "STEP_WOKEN", step: 2, node: "rest", nodeType: "wait" },
  { kind: "STEP_SUCCEEDED", step: 2, node: "rest", nodeType: "wait", payload: { patch: {} } },
];
const pays = (once?: true): Draft => ({
  ...({ kind: "STEP_STARTED", step: 3, node: "pay" } as const),
  payload: once === undefined ? {} : { once },
});

const plan = (to: AnyGraph, ...drafts: Draft[]) =>
  planTakeOver(to, old.pin, { events: aHistory(begun, ...drafts), run: TEST_RUN });
const why = (to: AnyGraph, ...drafts: Draft[]): string => {
  const planned = plan(to, ...drafts);
  return "waits" in planned ? planned.waits.why : "";
};

describe("planTakeOver() of a compatible graph", () => {
  it("lets a run go on as it stands: before it begins, where it waits, between two steps, and in one that may be done again", () => {
    for (const drafts of [[], price, [...price, ...rests], [...price, ...rested], [...price, ...rested, pays()]])
      expect(plan(compatible, ...drafts)).toEqual({
        to: compatible,
        payload: { from: old.pin, to: compatible.pin, state: null, node: null },
      });
  });

  it("leaves a run with its own graph whose history takes another path", () => {
    const renamed = bill(2, (builder) => builder.compatibleWith(old.pin), { first: "cost" });
    expect(plan(renamed, ...price)).toEqual({
      waits: { seq: 2, node: "price", why: "it goes on with price, and bill with cost" },
    });
  });

  it("leaves a step alone that must not be done twice, unless the graph finds out by itself", () => {
    const found = atMostOnce<State>({ ...work, done: () => ({ summary: "" }) });
    const careful = bill(2, (builder) => extra(builder).compatibleWith(old.pin), { pay: found });
    expect(why(compatible, ...price, ...rested, pays(true))).toContain("was one that is not done twice");
    const oldOne = bill(1, () => {}, { pay: found });
    const migrating = bill(2, (builder) => extra(builder).migrateFrom(oldOne as never, (run) => run as never));
    expect(why(migrating, ...price, ...rested, pays(true))).toContain("which must not be done twice");
    expect(why(careful, ...price, ...rested, pays(true))).toBe("");
  });
});

describe("planTakeOver() of a graph with a migration", () => {
  const migrating = (node?: string, state: object = { total: 41 }) =>
    bill(2, (builder) =>
      extra(builder).migrateFrom<State>(old as never, () => ({
        ...(node === undefined ? {} : { node }),
        state: state as State,
      })),
    );

  it("gives the run the state, and the node, that the migration says", () => {
    const to = migrating("thank");
    const events = aHistory(begun, ...price, ...rested);
    const planned = planTakeOver(to, old.pin, { events, run: TEST_RUN });
    expect(planned).toMatchObject({ payload: { from: old.pin, to: to.pin, state: { total: 41 }, node: "thank" } });
  });

  it("keeps a step that waits at its node, with what it waits for, and numbers go on", () => {
    const to = migrating();
    const events = aHistory(begun, ...price, ...rests);
    const planned = planTakeOver(to, old.pin, { events, run: TEST_RUN });
    if ("waits" in planned) throw new Error(planned.waits.why);
    const after = aHistory(begun, ...price, ...rests, { kind: "RUN_MIGRATED", payload: planned.payload as never });
    const { root, lastStep } = replay(to, after);
    expect([root.state, root.node, lastStep]).toEqual([{ total: 41 }, "rest", 2]);
    expect(root.step).toMatchObject({ number: 2, parked: { until: new Date("2026-01-01") } });
  });

  it.each([
    ["leads elsewhere while a step waits", migrating("thank"), /waits at rest, and its migration leads to thank/],
    ["leads nowhere", migrating("nowhere"), /node nowhere, which .* does not have/],
    ["keeps what the graph does not have", migrating(undefined, { tip: 1 }), /has no channel tip/],
  ])("leaves a run with its own graph when the migration %s", (_what, to, expected) => {
    expect(why(to, ...price, ...rests)).toMatch(expected);
  });

  it("leaves a run at its end with its own graph, which alone knows its answer", () => {
    const paid: Draft = { kind: "STEP_SUCCEEDED", step: 3, node: "pay", payload: { patch: {} } };
    expect(why(migrating(), ...price, ...rested, pays(), paid)).toContain("only its own graph knows its answer");
  });

  it("does not take a step with effects that waited over its migration for one that had none", () => {
    const to = migrating();
    const waited: Draft[] = [
      { kind: "STEP_STARTED", step: 3, node: "pay" },
      { kind: "STEP_PARKED", step: 3, node: "pay" },
    ];
    const moved: Draft = {
      kind: "RUN_MIGRATED",
      payload: { from: old.pin, to: to.pin, state: { total: 41 }, node: "pay" },
    };
    const woken: Draft[] = [
      { kind: "STEP_WOKEN", step: 3, node: "pay" },
      { kind: "STEP_SUCCEEDED", step: 3, node: "pay", payload: { patch: {} } },
    ];
    const events = aHistory(begun, ...price, ...rested, ...waited, moved, ...woken);
    const judged = judgeRun(createGraphRegistry([to]), { pin: to.pin, isOver: false, run: TEST_RUN, events });
    expect(judged?.verdict).toBe("UNSEEN");
  });
});

describe("take-overs of a build", () => {
  it("are of the graphs that it does not have", () => {
    expect(pinsTakenOver(createGraphRegistry([compatible]))).toEqual([old.pin]);
    expect(pinsTakenOver(createGraphRegistry([compatible, old]))).toEqual([]);
    const migrating = bill(2, (builder) => extra(builder).migrateFrom(old as never, (run) => run as never));
    expect(findOld(createGraphRegistry([migrating]), old.pin)).toBe(old);
  });

  it("are what judgeRun() says of their runs", () => {
    const events: readonly HistoryEvent[] = aHistory(begun, ...price, ...rests);
    const judged = { pin: old.pin, isOver: false, run: TEST_RUN, events };
    const verdictOf = (build: AnyGraph) => judgeRun(createGraphRegistry([build]), judged);
    expect(verdictOf(compatible)).toMatchObject({ verdict: "MIGRATES", why: `to ${compatible.pin}` });
    expect(verdictOf(bill(2, extra))).toMatchObject({ verdict: "WAITS" });
    expect(judgeRun(createGraphRegistry([bill(2, extra)]), { ...judged, isOver: true })).toBeUndefined();
  });
});
