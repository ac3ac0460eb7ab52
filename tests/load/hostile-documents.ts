/**
 * CPU that hostile documents cost from their arrival to their plan or their refusal, against the product's own graph. Prints one
 * JSON object: how many were planned or refused and why, the spread of the times, and the slowest documents.
 *
 *   node_modules/.bin/node tests/load/hostile-documents.ts [documents, 10000 when left out] [seed, 1 when left out]
 */

import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { specifiedRules } from "graphql";
import { DEFAULT_LIMITS } from "../../gateway/ground/limits.ts";
import { planDocument } from "../../gateway/operations/plan-document.ts";
import { RequestRefused } from "../../gateway/operations/refusal.ts";
import { ANY_DOCUMENT } from "../../gateway/operations/registered-documents.ts";
import { hostileDocument } from "../../gateway/testing/hostile-documents.ts";
import { createSupergraphExecutor } from "../../gateway/upstream/supergraph.ts";

/** A pause of the garbage collector is not the document's: what looks slow is timed again, and its least time counts. */
const SUSPICIOUS_MS = 30;
const REPEATS = 4;
/** Documents that are planned before the first is timed, so that the compiler has seen what runs often. */
const WARM_UP = 300;

const documents = whole(process.argv[2] ?? "10000", "number of documents", 1_000_000);
const seed = whole(process.argv[3] ?? "1", "seed", 2 ** 31 - 1);
const supergraphSdl = await readFile(new URL("../../graphql/supergraph.graphql", import.meta.url), "utf8");
const executor = createSupergraphExecutor(supergraphSdl);

const KINDS = ["query", "mutation", "subscription"] as const;

function whole(text: string, name: string, max: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > max)
    throw new Error(`"${text}" is not a ${name}, 1 to ${max}`);
  return number;
}

/** What became of the document; the reason of a refusal without its names and numbers. */
function admit(query: string): string {
  const operationName = query.startsWith("query O0 ") ? "O0" : undefined;
  try {
    planDocument(
      executor,
      { query, variables: {}, operationName },
      {
        limits: DEFAULT_LIMITS,
        rules: specifiedRules,
        hideSuggestions: false,
        kinds: KINDS,
        documents: ANY_DOCUMENT,
        check: () => {},
      },
    );
    return "planned";
  } catch (error) {
    if (error instanceof RequestRefused) return "refused: not valid";
    const message = error instanceof Error ? error.message : String(error);
    return `refused: ${message
      .replaceAll(/"[^"]*"/g, '"..."')
      .replaceAll(/\d+/g, "n")
      .slice(0, 60)}`;
  }
}

function timed(query: string): { outcome: string; cpuMs: number } {
  const before = process.cpuUsage();
  const outcome = admit(query);
  const { user, system } = process.cpuUsage(before);
  return { outcome, cpuMs: (user + system) / 1_000 };
}

const outcomes: Record<string, number> = {};
const timings: { cpuMs: number; outcome: string; query: string }[] = [];
const arbitrary = hostileDocument(executor.schema);
for (const query of fc.sample(arbitrary, { numRuns: WARM_UP, seed: seed + 1 })) admit(query);
for (const query of fc.sample(arbitrary, { numRuns: documents, seed })) {
  let { outcome, cpuMs } = timed(query);
  for (let i = 0; cpuMs > SUSPICIOUS_MS && i < REPEATS; i += 1) cpuMs = Math.min(cpuMs, timed(query).cpuMs);
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  timings.push({ cpuMs, outcome, query });
}
timings.sort((a, b) => a.cpuMs - b.cpuMs);
const at = (share: number): number => timings[Math.min(documents - 1, Math.floor(share * documents))]?.cpuMs ?? 0;
console.log(
  JSON.stringify(
    {
      documents,
      seed,
      cpuMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
      outcomes: Object.fromEntries(Object.entries(outcomes).sort(([, a], [, b]) => b - a)),
      worst: timings
        .slice(-5)
        .reverse()
        .map(({ cpuMs, outcome, query }) => ({ cpuMs, outcome, bytes: query.length, query: query.slice(0, 200) })),
    },
    null,
    2,
  ),
);
