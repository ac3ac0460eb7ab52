import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { askProgram } from "./ask-program.ts";
import { CliError } from "./cli-error.ts";
import { nearestDataDir } from "./data-folder.ts";
import { print, printJson, printTable, safe } from "./print.ts";

/** The installation's own program: it has the graphs, a client does not. It prints one JSON object {report} or {error}. */
const PROGRAM = fileURLToPath(new URL("../local/replay-live.ts", import.meta.url));

export interface ReplayLiveOptions {
  live: number;
  project?: string;
  data?: string;
  json: boolean;
}

interface LiveReport {
  journals: number;
  open: number;
  events: number;
  graphs: Record<string, Record<string, number>>;
  runs: { runId: string; graph: string; verdict: string; seq: number; node: string | null; why: string }[];
}

/** What each verdict means to whoever is about to deploy, the worst first. */
const VERDICTS: Readonly<Record<string, string>> = {
  DIVERGES: "would not go on as its history tells",
  WAITS: "would wait",
  MIGRATES: "would be migrated",
  UNSEEN: "nothing differs in what is recorded, but not all that counts is",
  SAFE: "would go on",
  OVER: "has ended, and its graph or its contents are not here",
};

/** Replays journals of a running product with the build at hand; fails when a run would diverge. */
export async function replayLive(options: ReplayLiveOptions, program: string = PROGRAM): Promise<void> {
  const report = await ask(program, options);
  if (options.json) printJson(report);
  else printReport(report);
  const diverging = Object.values(report.graphs).reduce((sum, { DIVERGES = 0 }) => sum + DIVERGES, 0);
  if (diverging > 0)
    throw new CliError(
      `${diverging} of ${report.journals} runs would diverge; give the graph another version, or take back what changed it`,
      { code: "DIVERGES" },
    );
}

async function ask(program: string, { live, project, data }: ReplayLiveOptions): Promise<LiveReport> {
  const own = project === undefined ? undefined : join(resolve(project), ".soma");
  const folder = data ?? own ?? nearestDataDir(process.env, process.cwd());
  const args = ["--live", String(live)];
  if (project !== undefined) args.push("--project", resolve(project));
  if (folder !== undefined) args.push("--data", resolve(folder));
  return askProgram<LiveReport>({
    program,
    args,
    lacks: "whose graphs could be asked",
    failed: { what: "the journals cannot be replayed", code: "NOT_REPLAYED" },
  });
}

function printReport({ journals, open, events, graphs, runs }: LiveReport): void {
  print(`${journals} journals with ${events} events, ${open} of runs that have not ended\n`);
  const rows = Object.entries(graphs).flatMap(([graph, counts]) =>
    Object.keys(VERDICTS).flatMap((verdict) =>
      counts[verdict] === undefined ? [] : [[graph, verdict, String(counts[verdict]), VERDICTS[verdict] ?? ""]],
    ),
  );
  printTable(["GRAPH", "VERDICT", "RUNS", ""], rows);
  for (const verdict of Object.keys(VERDICTS)) {
    const named = runs.filter((run) => run.verdict === verdict).slice(0, MAX_PRINTED);
    if (named.length > 0) print("");
    for (const { runId, seq, node, why } of named)
      print(safe(`${verdict} run ${runId} at event ${seq}${node === null ? "" : `, node ${node}`}: ${why}`));
  }
}

/** Of each verdict; `--json` has more. */
const MAX_PRINTED = 5;
