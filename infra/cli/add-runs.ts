import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { decideApproval, listApprovals } from "./approvals.ts";
import type { CommandContext } from "./find-product.ts";
import { addHistoryCommands } from "./history-commands.ts";
import { type ListRunsOptions, listRuns } from "./list-runs.ts";
import { toCount, wordOption } from "./option-values.ts";
import { terminalSize } from "./print.ts";
import { cancelRun, drawRun, pauseRun, resumeRun, signalRun, watchRun } from "./runs.ts";
import { OUTCOME_CHOICES, STATUS_CHOICES } from "./runs-filter.ts";
import { showPrompt } from "./show-prompt.ts";
import { showRun } from "./show-run.ts";
import { showStep } from "./show-step.ts";
import { watchRuns } from "./watch-runs.ts";

/** How often a list that is watched is asked for. */
const WATCH_MS = 2_000;

/** A beat after each answer, so that none pile up behind one that took long. */
async function* beats(): AsyncGenerator<void> {
  for (;;) yield await sleep(WATCH_MS);
}

/** The commands of `soma runs`. */
export function addRuns(program: Command, context: CommandContext): void {
  const runs = program.command("runs").description("runs of agents");
  addReading(runs, context);
  addSteering(runs, context);
  addApprovals(runs, context);
  addHistoryCommands(runs, context);
}

function addReading(runs: Command, { product, json }: CommandContext): void {
  runs
    .command("list")
    .addOption(wordOption("--status <list>", "any of these, with commas", STATUS_CHOICES))
    .addOption(wordOption("--outcome <list>", "that went any of these ways, with commas", OUTCOME_CHOICES))
    .option("--recovered", "taken over from a lost worker at least once")
    .option("--agent <name>", "runs of this agent; agents list shows them")
    .option("--role <role>", "that act under this role")
    .option("--text <words>", "words that the input has, upper or lower case alike")
    .option("--since <when>", "begun since 30m, 1h, 2d or 1w ago, or since a day or an instant")
    .option("--limit <n>", "how many, 1 to 200", toCount, 20)
    .option("--after <cursor>", "the page after one; the page before says its cursor")
    .option("--watch", "show it as it changes: in place on a terminal, else a line for each change")
    .description("newest first")
    .action(async ({ watch, ...options }: ListRunsOptions & { watch?: boolean }) => {
      if (watch !== true) return listRuns(await product(), { ...options, json });
      const live = { ticks: beats(), terminal: process.stdout.isTTY ? terminalSize : undefined };
      return watchRuns(await product(), { ...options, ...live, json });
    });
  runs
    .command("show")
    .argument("<run>")
    .option("--step <step>", "all that is kept of this step, by its number")
    .option("--prompt <step>", "what the model of this step was sent, by the step's number")
    .description("what happened in a run")
    .action(async (id: string, { step, prompt }: { step?: string; prompt?: string }) => {
      if (prompt !== undefined) return showPrompt(await product(), { id, step: prompt, json });
      if (step !== undefined) return showStep(await product(), { id, step, json });
      return showRun(await product(), { id, json });
    });
  runs
    .command("graph")
    .argument("<run>")
    .description("the graph of a run as Mermaid text, with where the run stands; --json tells its nodes and edges")
    .action(async (id: string) => drawRun(await product(), { id, json }));
  runs
    .command("watch")
    .argument("<run>")
    .option("--after <seq>", "events after this number", Number, 0)
    .description("follow a run's events, verified, to its end")
    .action(async (id: string, options: { after: number }) => watchRun(await product(), { id, ...options, json }));
}

function addSteering(runs: Command, { product, json }: CommandContext): void {
  runs
    .command("cancel")
    .argument("<run>")
    .option("--reason <text>", "kept in the run's history")
    .description("ask a run to stop")
    .action(async (id: string, options: { reason?: string }) => cancelRun(await product(), { id, ...options, json }));
  runs
    .command("pause")
    .argument("<run>")
    .description("ask a run to rest after the step it is in")
    .action(async (id: string) => pauseRun(await product(), { id, json }));
  runs
    .command("resume")
    .argument("<run>")
    .description("let a paused run go on")
    .action(async (id: string) => resumeRun(await product(), { id, json }));
  runs
    .command("signal")
    .argument("<run>")
    .argument("<name>")
    .argument("[payload]", "JSON")
    .description("send a run what one of its steps waits for")
    .action(async (id: string, name: string, payload: string | undefined) =>
      signalRun(await product(), { id, name, payload, json }),
    );
}

function addApprovals(runs: Command, { product, json }: CommandContext): void {
  runs
    .command("approvals")
    .option("--limit <n>", "how many runs, 1 to 200", toCount, 20)
    .description("runs that wait for a person, and what they ask")
    .action(async (options: { limit: number }) => listApprovals(await product(), { ...options, json }));
  for (const [name, approve] of [
    ["approve", true],
    ["deny", false],
  ] as const)
    runs
      .command(name)
      .argument("<run>")
      .argument("[step]", "number of the step that asks, when several do")
      .option("--comment <text>", "why; kept in the run's history")
      .description(`${approve ? "allow" : "refuse"} what a run asks`)
      .action(async (id: string, step: string | undefined, options: { comment?: string }) =>
        decideApproval(await product(), { id, step, approve, ...options, json }),
      );
}
