import { RunDetailDocument, type RunDetailQuery } from "@soma/graphql/operations";
import { describeMs } from "./duration.ts";
import type { Product } from "./find-product.ts";
import { questionOf } from "./list-runs.ts";
import { paintStatus } from "./paint.ts";
import { line, print, printJson, printTable, safe, terminalSize } from "./print.ts";
import { noSuchRun } from "./runs.ts";
import { type TimedEvent, toStepTimes } from "./step-spans.ts";
import { describeOutcome } from "./tool-troubles.ts";
import { verifiedEvents } from "./verified-events.ts";
import { toWaterfall } from "./waterfall.ts";
import { wrap } from "./wrap.ts";

type Run = NonNullable<RunDetailQuery["run"]>;

/** Of a longer history the first events are read; later steps are drawn by what they say themselves. */
const MOST_EVENTS = 20_000;

/** A run as it went: its facts, its steps as bars over time, what was remembered, and how it ended. */
export async function showRun(product: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { client, hints } = product;
  const { run } = await client.request(RunDetailDocument, { id }, { onMissing: noteMissing });
  if (run === null || run === undefined) throw noSuchRun(id, hints);
  if (json) return printJson(run);
  const events = await findEvents(product, run);
  const { columns } = terminalSize();
  for (const fact of factsOf(run, columns)) print(fact);
  print(`\n${safe(questionOf(run))}\n`);
  for (const row of toWaterfall(run.steps.nodes, toStepTimes(events), { width: columns, now: Date.now() })) print(row);
  const more = run.steps.totalCount - run.steps.nodes.length;
  if (more > 0) print(`${count(more, "more step")} not shown; \`${hints.soma} runs watch ${id}\` tells every event`);
  tellMemories(run, columns);
  if (run.answer !== null && run.answer !== undefined) print(`\n${safe(run.answer)}`);
  if (run.error !== null && run.error !== undefined) print(`\n${run.error.code}: ${safe(run.error.message)}`);
}

function noteMissing(error: Error, at: string): void {
  process.stderr.write(`soma: ${at} is not shown: ${safe(error.message)}\n`);
}

/** Those that were read before something went wrong; without them nothing is known of back-offs and waits alone. */
async function findEvents({ client }: Product, { id, headSeq }: Run): Promise<TimedEvent[]> {
  const events: TimedEvent[] = [];
  try {
    for await (const event of verifiedEvents(client, id, Math.min(headSeq, MOST_EVENTS)))
      events.push(event.type.startsWith("STREAM_") ? { ...event, payload: null } : event);
  } catch (error) {
    noteMissing(error instanceof Error ? error : new Error(String(error)), "what lies between the tries of a step");
  }
  return events;
}

function factsOf(run: Run, columns: number): string[] {
  const { id, status, recoveries, startedAt, finishedAt } = run;
  const outcome = describeOutcome(run.outcome);
  const took = startedAt && finishedAt ? `, took ${describeMs(Date.parse(finishedAt) - Date.parse(startedAt))}` : "";
  const facts = {
    run: id,
    agent: run.graph,
    session: run.session.id,
    status: `${status}${outcome === "" ? "" : `, ${outcome}`}`,
    role: run.role,
    model: run.modelProfile,
    started: startedAt ?? "not yet",
    finished: `${finishedAt ?? "not yet"}${took}`,
    recovered: `${recoveries} ${recoveries === 1 ? "time" : "times"} from a lost worker`,
    used: describeUsage(run),
    trace: run.traceId,
  };
  return Object.entries(facts).flatMap(([name, value]) =>
    value === ""
      ? []
      : wrap(line(value, Infinity), columns - 10).map(
          (text, index) =>
            `${(index === 0 ? name : "").padEnd(8)} ${name === "status" ? paintStatus(status, text) : text}`,
        ),
  );
}

/** Empty where no model and no tool was called. */
function describeUsage({ usage, session }: Run): string {
  if (usage === null || usage === undefined) return "";
  const { inputTokens, cachedTokens, outputTokens, modelCalls, toolCalls } = usage;
  const kept = cachedTokens === 0 ? "" : ` (${cachedTokens} of them kept)`;
  return [
    `${usage.cost} ${usage.currency}`,
    `${inputTokens} tokens in${kept}, ${outputTokens} out`,
    `${count(modelCalls, "model call")}, ${count(toolCalls, "tool call")}`,
    ...(session.usage ? [`its session ${session.usage.cost} ${session.usage.currency}`] : []),
  ].join(" · ");
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}

function tellMemories({ memories }: Run, columns: number): void {
  if ((memories?.nodes ?? []).length === 0) return;
  print("");
  const rows = memories?.nodes.map(({ kind, role, content }) => [
    kind,
    role,
    line(content, Math.max(20, columns - 30)),
  ]);
  printTable(["REMEMBERED", "BY", "WHAT"], rows ?? []);
}
