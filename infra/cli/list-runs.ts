import { GraphsDocument, type RunFilter, type RunSummaryFragment, RunsPageDocument } from "@soma/graphql/operations";
import { isErased } from "@soma/schemas/erased-payload";
import { isRecord } from "@soma/schemas/json";
import { CliError } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, safe, toTable } from "./print.ts";
import { describeFilter, type RunsFilterOptions, toRunFilter } from "./runs-filter.ts";
import { describeOutcome } from "./tool-troubles.ts";

export interface ListRunsOptions extends RunsFilterOptions {
  limit: number;
  /** Where an earlier page ended. */
  after?: string;
}

/** A page of runs, newest first; where there are more, how to ask for the next one goes to stderr. */
export async function listRuns(product: Product, options: ListRunsOptions & { json: boolean }): Promise<void> {
  const { client, hints } = product;
  const { limit, after, json } = options;
  const filter = toRunFilter(options, Date.now());
  const { runs } = await client.request(RunsPageDocument, {
    ...{ filter, first: limit },
    ...(after === undefined ? {} : { after }),
  });
  if (runs.nodes.length === 0 && after === undefined) await checkAgent(product, filter);
  if (json) printJson(runs.nodes);
  else if (runs.nodes.length === 0) print(nothingFits(options, hints.soma));
  else for (const row of toRunTable(runs.nodes)) print(row);
  const { hasNextPage, endCursor } = runs.pageInfo;
  const on = (cursor: string): string =>
    `\`${safe(`${hints.soma} runs list ${`${describeFilter(options)} --limit ${limit} --after ${cursor}`.trim()}`)}\``;
  if (hasNextPage && typeof endCursor === "string")
    process.stderr.write(`soma: there are more; ${on(endCursor)} shows them\n`);
  const { searchedTo: end } = runs;
  if (end)
    process.stderr.write(
      `soma: looked at ${end.runs} runs, back to ${end.createdAt}; ${on(end.cursor)} looks further\n`,
    );
}

export function toRunTable(runs: readonly RunSummaryFragment[], width?: number): string[] {
  return toTable(
    ["RUN", "STATUS", "OUTCOME", "AGENT", "STARTED", "QUESTION"],
    runs.map((run) => [
      run.id,
      run.status,
      describeOutcome(run.outcome),
      line(run.graph, 24),
      run.createdAt,
      line(questionOf(run), 60),
    ]),
    width,
  );
}

/** What was asked; the input of an agent that takes no text is shown whole. */
export function questionOf({ input }: Pick<RunSummaryFragment, "input">): string {
  if (isErased(input)) return "(erased)";
  return isRecord(input) && typeof input.text === "string" ? input.text : JSON.stringify(input);
}

export function nothingFits(options: ListRunsOptions, soma: string): string {
  if (options.after !== undefined) return "there are no older runs";
  const filters = describeFilter(options);
  if (filters !== "") return `no run fits ${safe(filters)}; leave a filter out to see more`;
  return `no runs yet; start one with \`${soma} ask TEXT\``;
}

/** No run of an agent is also what a name that was mistyped looks like. Runs of agents that are gone are there all the same. */
export async function checkAgent({ client }: Product, { graph }: RunFilter): Promise<void> {
  if (typeof graph !== "string") return;
  const { graphs } = await client.request(GraphsDocument, {});
  if (graphs.some(({ name }) => name === graph)) return;
  const { runs } = await client.request(RunsPageDocument, { filter: { graph }, first: 1 });
  if (runs.nodes.length > 0) return;
  const names = [...new Set(graphs.map(({ name }) => name))].join(", ");
  throw new CliError(`there is no agent "${graph}" and no run of one; the agents are ${names}`, { code: "NOT_FOUND" });
}
