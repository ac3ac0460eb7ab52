import { fileURLToPath } from "node:url";
import { Argument, type Command } from "commander";
import { askProgram } from "./ask-program.ts";
import { toSize } from "./option-values.ts";
import { print, printJson, printTable } from "./print.ts";

/** The installation's own program: it starts servers, measures and publishes; a client does not. */
const PROGRAM = fileURLToPath(new URL("../../tests/load/bench.ts", import.meta.url));
const SUITES = ["engine", "relay"];

export interface BenchOptions {
  suite: string;
  size?: number;
  publish: boolean;
  tenant: string;
  json: boolean;
}

interface BenchReport {
  events: { task_id: string; metrics: Record<string, number>; duration_ms: number }[];
  /** Where they were published; null when they were not. */
  topic: string | null;
}

/** Measures a suite on servers of its own and prints what came out; with `publish` others hear of it, too. */
export async function bench(
  { suite, size, publish, tenant, json }: BenchOptions,
  program: string = PROGRAM,
): Promise<void> {
  const report = await askProgram<BenchReport>({
    program,
    args: [
      ...["--suite", suite, "--tenant", tenant],
      ...(size === undefined ? [] : ["--size", String(size)]),
      ...(publish ? ["--publish"] : []),
    ],
    lacks: "that could be measured",
    failed: { what: "nothing was measured", code: "NOT_MEASURED" },
  });
  if (json) return printJson(report.events);
  printTable(
    ["task", "metric", "value"],
    report.events.flatMap(({ task_id, metrics }) =>
      Object.entries(metrics).map(([metric, value]) => [task_id, metric, tell(value)]),
    ),
  );
  if (report.topic !== null) print(`\n${report.events.length} events were published on ${report.topic}`);
}

const tell = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** `soma bench`: what this machine makes of the engine and of the relay. */
export function addBench(program: Command, { json }: { json: boolean }): void {
  program
    .command("bench")
    .addArgument(new Argument("<suite>", "what is measured").choices(SUITES))
    .option("--size <n>", "runs at a time (engine, 32 when left out) or events (relay, 20000)", toSize)
    .option("--publish", "send the results to the topic agent.benchmarks.v1, by the settings of Kafka", false)
    .option("--tenant <name>", "whose topic that is", "local")
    .description("measure the engine or the relay on servers of its own, in about a minute")
    .action((suite: string, options: Omit<BenchOptions, "suite" | "json">) => bench({ suite, ...options, json }));
}
