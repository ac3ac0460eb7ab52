import { type Tool, ToolError } from "@soma/sdk/define-tool";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "./fixture.ts";
import { recordsOf } from "./records.ts";
import { aGate, aTool, type Gate } from "./tools.ts";

/** Two tools processes on one database, whose tools tell when they run, wait at a gate, and go wrong in each way. */
export interface Stage {
  fixture: ToolsFixture;
  first: ToolsProcess;
  second: ToolsProcess;
  /** What each process may run, for those that start later. */
  tools: readonly Tool[];
  records: ReturnType<typeof recordsOf>;
  /** What ran since a test emptied it. */
  runs: string[];
  /** Where `wait` waits; a test that calls it sets one of its own. */
  gate: Gate;
  close(): Promise<void>;
}

export async function createStage(name: string): Promise<Stage> {
  const fixture = await createToolsFixture(name);
  const told: Pick<Stage, "runs" | "gate"> = { runs: [], gate: aGate() };
  const tools = toolsOf(told);
  return Object.assign(told, {
    fixture,
    tools,
    first: await fixture.start(tools),
    second: await fixture.start(tools),
    records: recordsOf(fixture),
    async close() {
      told.gate.open();
      await fixture.close();
    },
  });
}

function toolsOf(stage: Pick<Stage, "runs" | "gate">): Tool[] {
  return [
    aTool("echo", (args, { emit }) => {
      stage.runs.push(`echo ${String(args.say)}`);
      emit("saying ");
      return String(args.say);
    }),
    aTool("wait", async (args, { idempotencyKey }) => {
      stage.runs.push(`wait ${idempotencyKey}`);
      await stage.gate.passed;
      return String(args.say);
    }),
    aTool("hold", (_args, { idempotencyKey }) => new Promise(() => stage.runs.push(`hold ${idempotencyKey}`)), {
      effect: "at_most_once",
    }),
    aTool("fail", () => {
      throw new ToolError("no_luck", "try\u0000tomorrow");
    }),
    aTool("slow", () => new Promise(() => {}), { timeoutMs: 80 }),
    aTool("loud", () => "x".repeat(200_000)),
    aTool("again", (_args, { idempotencyKey }) => `again ${stage.runs.push(idempotencyKey)}`, { effect: "idempotent" }),
    aTool("once", (_args, { idempotencyKey }) => `once ${stage.runs.push(idempotencyKey)}`, { effect: "at_most_once" }),
  ];
}
