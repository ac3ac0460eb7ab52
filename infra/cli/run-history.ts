import { randomUUID } from "node:crypto";
import {
  type EffectChoice,
  ForkPlanDocument,
  ForkRunDocument,
  type OutsideEffectFragment,
  RollbackRunDocument,
  RunStateDiffDocument,
  RunStateDocument,
} from "@soma/graphql/operations";
import { CliError } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, printTable, safe, toJson } from "./print.ts";
import { noSuchRun, parseJson } from "./runs.ts";

export async function showState(
  { client, hints }: Product,
  { id, at, json }: { id: string; at?: number; json: boolean },
): Promise<void> {
  const { run } = await client.request(RunStateDocument, at === undefined ? { id } : { id, seq: at }, ALL_OR_NOTHING);
  const { stateAt } = found(run, id, hints.soma);
  if (json) printJson(stateAt);
  else print(`run ${id} with event ${stateAt?.seq ?? "?"}\n\n${safe(toJson(stateAt?.state, 2))}`);
}

export async function diffStates(
  { client, hints }: Product,
  { id, from, to, json }: { id: string; from: number; to: number; json: boolean },
): Promise<void> {
  const { run } = await client.request(RunStateDiffDocument, { id, fromSeq: from, toSeq: to }, ALL_OR_NOTHING);
  const changes = found(run, id, hints.soma).stateDiff ?? [];
  if (json) return printJson(changes);
  if (changes.length === 0) return print(`nothing differs between events ${from} and ${to}`);
  const told = (value: unknown, isThere: boolean): string => (isThere ? line(toJson(value), 60) : "");
  printTable(
    ["", "PATH", "BEFORE", "AFTER"],
    changes.map(({ op, path, before, after }) => [
      op,
      path === "" ? "(all)" : path,
      told(before, op !== "ADD"),
      told(after, op !== "REMOVE"),
    ]),
  );
}

/** Numbers of steps whose effects are not done anew. */
export interface Kept {
  reuse?: number[];
  stub?: number[];
}

interface ForkOptions extends Kept {
  id: string;
  at: number;
  input?: string;
  json: boolean;
}

export async function forkRun(
  product: Product,
  { dryRun = false, ...options }: ForkOptions & { dryRun?: boolean },
): Promise<void> {
  if (dryRun) return planFork(product, options);
  const { client, hints } = product;
  const { id, at, json } = options;
  const asked = { runId: id, atSeq: at, idempotencyKey: randomUUID(), ...toPatch(options), ...toChoices(options) };
  const { forkRun: payload } = await client.request(ForkRunDocument, { input: asked });
  const { run } = answered(payload);
  if (json) return printJson(run);
  print(`run ${run.id} goes on from event ${at} of run ${id}; \`${hints.soma} runs watch ${run.id}\` follows it`);
}

/** Changes nothing, and tells what a fork would come to again. */
async function planFork({ client, hints }: Product, { id, at, json, ...options }: ForkOptions): Promise<void> {
  const variables = { id, atSeq: at, ...toPatch(options), ...toChoices(options) };
  const { run } = await client.request(ForkPlanDocument, variables, ALL_OR_NOTHING);
  const { effects } = answered(found(run, id, hints.soma).forkPlan);
  if (json) return printJson({ effects });
  print(`another run would go on from event ${at} of run ${id}, which stays as it is`);
  tellEffects(effects);
}

function toPatch({ input }: Pick<ForkOptions, "input">): { input?: unknown } {
  return input === undefined ? {} : { input: parseJson(input) };
}

function toChoices({ reuse = [], stub = [] }: Kept): { onReturn?: EffectChoice[] } {
  const onReturn: EffectChoice[] = [
    ...reuse.map((stepNumber) => ({ stepNumber, onReturn: "REUSE" as const })),
    ...stub.map((stepNumber) => ({ stepNumber, onReturn: "STUB" as const })),
  ];
  return onReturn.length === 0 ? {} : { onReturn };
}

export async function rollbackRun(
  { client }: Product,
  { id, to, dryRun = false, json, ...kept }: Kept & { id: string; to: number; dryRun?: boolean; json: boolean },
): Promise<void> {
  const input = { runId: id, toSeq: to, dryRun, idempotencyKey: randomUUID(), ...toChoices(kept) };
  const { rollbackRun: payload } = await client.request(RollbackRunDocument, { input });
  const { run, effects } = answered(payload);
  if (json) return printJson({ run, effects });
  print(dryRun ? `run ${run.id} would go on from event ${to}` : `run ${run.id} goes on from event ${to}`);
  tellEffects(effects);
}

/** What becomes of an effect where its run, or a fork, comes to the same place. */
const ON_RETURN: Record<OutsideEffectFragment["onReturn"], string> = {
  RUN_AGAIN: "done again",
  REUSE: "its result stands",
  STUB: "left out",
};

function tellEffects(effects: readonly OutsideEffectFragment[]): void {
  if (effects.length === 0) {
    print("no step after it had reached outside");
    return;
  }
  print("these steps had reached outside: nothing of that is undone\n");
  printTable(
    ["STEP", "NODE", "KIND", "STATUS", "THEN", "WHAT"],
    effects.map(({ step, onReturn }) => [
      String(step.number),
      step.nodeId,
      step.nodeType,
      step.status,
      ON_RETURN[onReturn],
      line(step.summary ?? "", 60),
    ]),
  );
}

/** What was asked for is all of the answer: a part that is missing is why there is none. */
export const ALL_OR_NOTHING = {
  onMissing(error: Error): never {
    throw error;
  },
};

export function found<T>(run: T | null | undefined, id: string, soma: string): T {
  if (run !== null && run !== undefined) return run;
  throw noSuchRun(id, { soma });
}

export function answered<T>(payload: T | null | undefined): T {
  if (payload !== null && payload !== undefined) return payload;
  throw new CliError("the product answered without saying what became of it", { code: "INTERNAL" });
}
