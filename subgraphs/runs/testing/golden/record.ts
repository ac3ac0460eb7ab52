/**
 * Writes the golden journals of this release: a run of each graph, executed by the engine, as exports.
 *
 *   node_modules/.bin/node subgraphs/runs/testing/golden/record.ts <version, such as 0.1.0>
 */
import { mkdir, writeFile } from "node:fs/promises";
import setup from "@soma/local/test-postgres";
import { canonicalJson, type Json } from "@soma/schemas/json";
import { EXPORT_FORMAT, type ExportHead } from "@soma/schemas/run-export";
import { payloadOf } from "@soma/schemas/run-history";
import type { AnyGraph } from "@soma/sdk/graph";
import { createTestServices, type TestServicesParams } from "@soma/sdk/testing/services";
import { newId } from "@soma/shared/ids";
import { digest } from "@soma/shared/json";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { decideApproval } from "../../commands/decide-approval.ts";
import { signalRun } from "../../commands/signal-run.ts";
import { toChained } from "../../domain/chain.ts";
import type { HistoryEvent } from "../../domain/history.ts";
import { isFinished, RUN_STATUS } from "../../domain/run-status.ts";
import { approvalIdOf, isApprovalName } from "../../domain/wait-names.ts";
import { stateAt } from "../../engine/execute/state-at.ts";
import { createEngineHarness, type EngineHarness } from "../engine.ts";
import { GOLDEN_GRAPHS } from "./graphs.ts";

const [, , version = ""] = process.argv;
if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`"${version}" is not the version of a release`);

/** What each run is given, and what its model and tools say. */
const WORLDS: Record<string, Omit<TestServicesParams, "now"> & { input: { [name: string]: Json } }> = {
  assistant: {
    input: { text: "What is 6*7?" },
    model: [{ calls: [{ tool: "calculate", args: { expression: "6*7" } }] }, "42"],
    tools: { calculate: () => "42" },
  },
  desk: {
    input: { text: "Where is P-17?" },
    model: ["worried", "It left Hamburg on Monday."],
    tools: { find_parcel: () => "P-17 left Hamburg on Monday", send_reply: () => "sent" },
  },
  prices: { input: { items: ["tea", "milk", "salt"] }, tools: { find_price: () => "2" } },
  refund: {
    input: { text: "refund A-17" },
    model: [{ calls: [{ tool: "find_payment", args: { order: "A-17" } }] }, "40"],
    tools: { find_payment: () => "A-17: paid 40", pay_back: () => "40 paid back" },
  },
  research: {
    input: { text: "owls" },
    model: ["Night hunters."],
    tools: { search_library: () => "Owls hunt at night." },
  },
  timer: { input: { text: "stand up" }, tools: { send_reminder: () => "stand up" } },
  orders: {
    input: { text: "What became of order A-17?" },
    model: [{ calls: [{ tool: "find_order", args: { id: "A-17" } }] }, "It was sent."],
    tools: { find_order: () => "A-17: sent", order_events: () => "" },
  },
  order: { input: { items: ["tea", "milk"] } },
};

/** Gives a run whatever it waits for, until it has ended. */
async function follow(harness: EngineHarness, runId: string): Promise<HistoryEvent[]> {
  const given = new Set<string>();
  await until(
    `run ${runId} has ended`,
    async () => {
      const run = await harness.find(runId);
      if (run === undefined || isFinished(run.status)) return true;
      const ended = new Set<number>();
      for (const event of (await harness.history(runId)).toReversed()) {
        if (event.kind === "STEP_PARKED" && !ended.has(event.step)) await give(harness, event, given);
        if (event.step > 0) ended.add(event.step);
      }
      return undefined;
    },
    60_000,
  );
  return harness.history(runId);
}

async function give(
  harness: EngineHarness,
  { runId, seq, at, payload }: HistoryEvent,
  given: Set<string>,
): Promise<void> {
  const { signal, until: time } = payloadOf("STEP_PARKED", payload);
  const key = `${runId}:${seq}`;
  if (given.has(key)) return;
  const { request } = harness.database;
  if (signal === null) {
    const run = await harness.find(runId);
    if (time === null || run?.status !== RUN_STATUS.PARKED.code) return;
    given.add(key);
    await harness.skipWait(runId, Date.parse(time) - at.getTime());
    return;
  }
  given.add(key);
  const approver = aPrincipal({ roles: ["approver", "assistant"] });
  if (isApprovalName(signal))
    await decideApproval(request, approver, {
      approvalId: approvalIdOf(runId, signal),
      approve: true,
      idempotencyKey: newId(),
    });
  else await signalRun(request, aPrincipal(), { runId, name: signal, payload: null, idempotencyKey: newId() });
}

function toExport(graph: AnyGraph, events: readonly HistoryEvent[]): string {
  const last = events.at(-1);
  if (last?.kind !== "RUN_SUCCEEDED") throw new Error(`the run of ${graph.pin} ended with ${last?.kind}`);
  const head: ExportHead = {
    ...{ format: EXPORT_FORMAT, runId: last.runId, graph: graph.name, graphVersion: graph.version },
    ...{ lastSeq: last.seq, stateHash: digest(stateAt(graph, events, last.seq)) },
  };
  const lines = events.map((event) => {
    const { runId, nodeType, step, payload, payloadHash, hash } = event;
    return { runId, nodeType, stepNumber: step === 0 ? null : step, ...toChained(event), payload, payloadHash, hash };
  });
  return `${[head, ...lines].map(canonicalJson).join("\n")}\n`;
}

const stop = await setup();
const worlds = new Map(
  Object.entries(WORLDS).map(([name, world]) => [
    name,
    createTestServices({ ...world, now: () => new Date() }).services,
  ]),
);
const harness = await createEngineHarness(GOLDEN_GRAPHS, {
  services: ({ run: { graph } }) => worlds.get(graph) ?? createTestServices({ now: () => new Date() }).services,
});
try {
  await harness.startWorker();
  const folder = new URL(`${version}/`, import.meta.url);
  await mkdir(folder);
  for (const graph of GOLDEN_GRAPHS) {
    const { runId } = await harness.start({ graph: graph.name, input: WORLDS[graph.name]?.input });
    const text = toExport(graph, await follow(harness, runId));
    await writeFile(new URL(`${graph.name}.jsonl`, folder), text);
    console.log(`${graph.name}: ${text.split("\n").length - 2} events`);
  }
} finally {
  await harness.close();
  await stop();
}
