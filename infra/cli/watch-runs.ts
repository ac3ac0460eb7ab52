import { SomaRequestError } from "@soma/graphql/client";
import { type RunSummaryFragment, RunsPageDocument } from "@soma/graphql/operations";
import type { Product } from "./find-product.ts";
import { checkAgent, type ListRunsOptions, nothingFits, questionOf, toRunTable } from "./list-runs.ts";
import { line, print, safe, toJson } from "./print.ts";
import { toRunFilter } from "./runs-filter.ts";
import { describeOutcome } from "./tool-troubles.ts";

/** How big the terminal is. */
interface TerminalSize {
  columns: number;
  rows: number;
}

export interface WatchRunsOptions extends ListRunsOptions {
  json: boolean;
  /** When to ask again; the watching ends when this does. */
  ticks: AsyncIterable<unknown>;
  /** Undefined where the output is piped. */
  terminal: (() => TerminalSize) | undefined;
}

/** What is shown of the runs, again and again. `trouble` is why it is not new. */
interface View {
  show(runs: readonly RunSummaryFragment[], trouble: string | undefined): void;
}

/** Follows the list of runs: a terminal shows it as it stands, in place; what is piped has a line for each change. */
export async function watchRuns(product: Product, options: WatchRunsOptions): Promise<void> {
  const { limit, after, json, terminal } = options;
  const filter = toRunFilter(options, Date.now());
  const ask = async (): Promise<readonly RunSummaryFragment[]> => {
    const page = { filter, first: limit, ...(after === undefined ? {} : { after }) };
    return (await product.client.request(RunsPageDocument, page)).runs.nodes;
  };
  const view = json || terminal === undefined ? changesView(json) : pictureView(terminal, options, product);
  let runs = await ask();
  if (runs.length === 0) await checkAgent(product, filter);
  view.show(runs, undefined);
  for await (const _tick of options.ticks) {
    const next = await ask().catch(toTrouble);
    if (typeof next !== "string") runs = next;
    view.show(runs, typeof next === "string" ? next : undefined);
  }
}

/** A product that stops and starts again is asked on; what it refuses is thrown. */
function toTrouble(error: unknown): string {
  if (error instanceof SomaRequestError && (error.code === "UNREACHABLE" || error.retryable)) return error.message;
  throw error;
}

/** A line for each run that is new or stands elsewhere than before, the older ones first. */
function changesView(json: boolean): View {
  let known = new Map<string, string>();
  let told: string | undefined;
  return {
    show(runs, trouble) {
      if (trouble !== undefined && trouble !== told) process.stderr.write(`soma: ${safe(trouble)}; asked again\n`);
      told = trouble;
      const changed = runs.filter((run) => known.get(run.id) !== standOf(run)).toReversed();
      for (const run of changed) print(json ? toJson(run) : toChange(run));
      // One that leaves the list and comes back is told again.
      known = new Map(runs.map((run) => [run.id, standOf(run)]));
    },
  };
}

function standOf({ status, outcome, recoveries }: RunSummaryFragment): string {
  return JSON.stringify([status, describeOutcome(outcome), recoveries]);
}

function toChange(run: RunSummaryFragment): string {
  const [recovered, outcome] = [run.recoveries, describeOutcome(run.outcome)];
  const words = [
    outcome,
    recovered === 0 ? "" : `recovered ${recovered} ${recovered === 1 ? "time" : "times"}`,
    `${line(run.graph, 24)}: ${line(questionOf(run), 60)}`,
  ];
  return `${run.id}  ${run.status.padEnd(16)}  ${words.filter((word) => word !== "").join(", ")}`;
}

/** The list as it stands, over the one before: no line may be wider than the terminal, or more are taken than are written. */
function pictureView(terminal: () => TerminalSize, options: ListRunsOptions, { hints }: Product): View {
  let height = 0;
  return {
    show(runs, trouble) {
      const { columns, rows } = terminal();
      const nothing = line(nothingFits(options, hints.soma), columns);
      const table = runs.length === 0 ? [nothing] : toRunTable(runs, columns);
      const shown = table.slice(0, Math.max(1, rows - 2));
      const hidden = table.length - shown.length;
      const foot = `${hidden === 0 ? "" : `${hidden} more do not fit · `}${trouble ?? "Ctrl-C ends the watching"}`;
      const back = height === 0 ? "" : `\u001b[${height}A\u001b[J`;
      height = shown.length + 1;
      process.stdout.write(`${back}${shown.join("\n")}\n${line(foot, columns)}\n`);
    },
  };
}
