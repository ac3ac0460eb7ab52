import type { AnyGraph } from "@soma/sdk/graph";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../domain/history.ts";
import { type Change, order } from "../../testing/golden/order.ts";
import { readGolden } from "../../testing/golden/read-golden.ts";
import { replay } from "../execute/replay.ts";
import type { Scope } from "../execute/scope.ts";
import { createGraphRegistry } from "../graphs/graph-registry.ts";
import { type Judgement, judgeRun, type Verdict } from "./judge-run.ts";

const journal = (await readGolden()).find(({ exported }) => exported.head.graph === "order");
if (journal === undefined) throw new Error("there is no golden journal of order");
const { events, run } = journal;
const base = order();

/** The run as it stood with each of its events: a journal holds all the journals that it once was. */
const moments = events.map((_event, index) => events.slice(0, index + 1));

function judge(build: AnyGraph, history: readonly HistoryEvent[]): Judgement {
  const isOver = history.at(-1)?.kind === "RUN_SUCCEEDED";
  const judged = judgeRun(createGraphRegistry([build]), { pin: base.pin, isOver, run, events: history });
  if (judged === undefined) throw new Error("nothing was judged of a run that has ended");
  return judged;
}

const verdicts = (build: AnyGraph): Verdict[] => moments.map((history) => judge(build, history).verdict);

/** The first event of a node's own, or of the run, by its kind. */
function seqOf(kind: string, node: string | null): number {
  const found = events.find((event) => event.kind === kind && event.node === node);
  if (found === undefined) throw new Error(`the journal has no ${kind} of ${node}`);
  return found.seq;
}

const effect = { run: () => ({ summary: "" }), pure: false as const };

/** Changes under which a run would not go on as it was, and the event with which its journal first shows that. */
const PLANTED: [string, Change, [kind: string, node: string | null]][] = [
  ["what it begins with", { items: () => ["tea"] }, ["STEP_STARTED", "price"]],
  ["what a channel begins with", { initialTotal: 1 }, ["STEP_STARTED", "price"]],
  ["a reducer", { addNote: (notes, note) => [...note, ...notes] }, ["STEP_PARKED", "ask"]],
  ["a choice", { choose: () => "end" }, ["APPROVAL_ASKED", "ask"]],
  ["a choice that is none", { choose: () => "nowhere" }, ["STEP_SUCCEEDED", "note"]],
  ["a node with effects that is pure now", { specs: { price: { pure: true } } }, ["STEP_SUCCEEDED", "price"]],
  ["a pure node that has effects now", { specs: { note: effect } }, ["STEP_SUCCEEDED", "note"]],
  ["a wait that has effects now", { specs: { rest: effect } }, ["STEP_PARKED", "rest"]],
  ["more branches", { over: (items) => [...items, "salt"] }, ["STEP_STARTED", "each"]],
  ["fewer branches", { over: (items) => items.slice(1) }, ["STEP_STARTED", "each"]],
  ["what a branch begins with", { startItem: (item) => item.toUpperCase() }, ["STEP_STARTED", "each[0]/fetch"]],
  ["what must not be done twice", { specs: { ship: { once: undefined as never } } }, ["STEP_STARTED", "ship"]],
  ["what it answers", { answer: () => "nothing" }, ["RUN_SUCCEEDED", null]],
];

/** Changes of what a step waits for, and its node: a step that has ended does not wait any more. */
const WAITS: [string, Change, string][] = [
  ["a question", { question: "Send it twice?" }, "ask"],
  ["who is asked", { role: "boss" }, "ask"],
  ["a signal", { signal: "payment2" }, "paid"],
  ["a wait that asks a person now", { specs: { paid: { ...order().node("ask"), type: "wait" } as object } }, "paid"],
  ["a wait that is none any more", { specs: { rest: { run: () => ({ summary: "" }) } } }, "rest"],
];

/** Changes that a run does not notice. */
const HARMLESS: [string, Change][] = [
  ["nothing", {}],
  ["a line for people", { specs: { price: { summary: () => "Asking for the price" } } }],
  ["how often a step is tried", { specs: { price: { retry: { maxAttempts: 9, initialMs: 1, maxMs: 2 } } } }],
  ["how long a step may take", { specs: { price: { timeoutMs: 5_000 } } }],
  ["how long a run may take", { timeoutMs: 7_200_000 }],
  ["a choice that comes to the same", { choose: (total) => (total < 11 ? "end" : "ask") }],
  ["a reducer that comes to the same", { addNote: (notes, note) => notes.concat(note) }],
];

describe("judgeRun() of planted changes", () => {
  it.each(HARMLESS)("a change of %s changes no verdict, and nothing diverges", (_what, change) => {
    expect(verdicts(order(change))).toEqual(verdicts(base));
    expect(verdicts(order(change))).not.toContain("DIVERGES");
  });

  it.each(PLANTED)("a change of %s is never safe once the journal shows it", (_what, change, [kind, node]) => {
    const shows = seqOf(kind, node);
    const judged = verdicts(order(change));
    expect(judged.slice(shows - 1)).not.toContain("SAFE");
    expect(judged.at(-1)).toBe("DIVERGES");
    expect(judged.slice(0, shows - 1)).not.toContain("DIVERGES");
  });

  it.each(WAITS)(
    "a change of %s diverges while its step waits, and matters no more after it",
    (_what, change, node) => {
      const [parked, ended] = [seqOf("STEP_PARKED", node), seqOf("STEP_SUCCEEDED", node)];
      const judged = verdicts(order(change));
      expect(judged[parked - 1]).toBe("DIVERGES");
      expect(judged.slice(parked - 1, ended - 1)).not.toContain("SAFE");
      expect(judged.slice(ended)).toEqual(verdicts(base).slice(ended));
    },
  );

  it("another structure is waited for, whatever else it would come to", () => {
    const build = order({ specs: { price: { type: "model" } } });
    for (const history of moments.slice(0, -1))
      expect(judge(build, history)).toMatchObject({ verdict: "WAITS", why: `for a worker that has ${base.pin}` });
  });

  it.each([...PLANTED, ...WAITS].map(([what, change]): [string, Change] => [what, change]))(
    "a change of %s is not safe at any moment at which the run would stand elsewhere",
    (_what, change) => {
      const build = order(change);
      for (const history of moments)
        if (standsElsewhere(build, history))
          expect(judge(build, history).verdict, `at ${history.length}`).not.toBe("SAFE");
    },
  );

  it("is safe wherever all that counts is recorded, and says so where it is not", () => {
    const safe = moments.filter((history) => judge(base, history).verdict === "SAFE").map((history) => history.at(-1));
    expect(safe.map((event) => [event?.kind, event?.node])).toEqual(
      expect.arrayContaining([
        ["RUN_STARTED", null],
        ["STEP_PARKED", "ask"],
        ["STEP_PARKED", "rest"],
        ["STEP_PARKED", "paid"],
        ["RUN_SUCCEEDED", null],
      ]),
    );
    const open = judge(base, events.slice(0, seqOf("STEP_STARTED", "ship")));
    expect(open).toMatchObject({ verdict: "UNSEEN", node: "ship", why: expect.stringContaining("asks outside") });
    const between = judge(base, events.slice(0, seqOf("STEP_SUCCEEDED", "price")));
    expect(between).toMatchObject({ verdict: "UNSEEN", why: "the state it is in now is not in its history" });
  });
});

/** What an engine would find that went on there: another state, or another place. */
function standsElsewhere(build: AnyGraph, history: readonly HistoryEvent[]): boolean {
  // What has not begun has nothing that it could go on with in another way.
  if (history.every(({ step }) => step === 0)) return false;
  try {
    return JSON.stringify(placeOf(replay(build, history).root)) !== JSON.stringify(placeOf(replay(base, history).root));
  } catch {
    return true;
  }
}

function placeOf({ node, state, step, branches }: Scope): object {
  return [node, state, step.number, [...branches].map(([key, scope]) => [key, placeOf(scope)])];
}
