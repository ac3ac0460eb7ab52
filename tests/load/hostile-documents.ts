/**
 * CPU that hostile requests cost from their first check to their answer or their refusal, all services included, against the
 * product's own graph. Prints one JSON object: how many were answered or refused and why, those that should have been neither, the
 * spread of the times, and the slowest requests.
 *
 *   node_modules/.bin/node tests/load/hostile-documents.ts [documents, 10000 when left out] [seed, 1 when left out]
 */

import fc from "fast-check";
import { hostileRequest } from "../../gateway/testing/hostile-documents.ts";
import { createTrial, type TimedOutcome } from "../../gateway/testing/trial.ts";

/** Documents that are tried before the first is timed, so that the compiler has seen what runs often. */
const WARM_UP = 300;

const documents = whole(process.argv[2] ?? "10000", "number of documents", 1_000_000);
const seed = whole(process.argv[3] ?? "1", "seed", 2 ** 31 - 1);

function whole(text: string, name: string, max: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > max)
    throw new Error(`"${text}" is not a ${name}, 1 to ${max}`);
  return number;
}

/** Services that are well make no error, and what is refused is the fault of who asked. */
function isFit({ end, codes }: TimedOutcome): boolean {
  return codes.join() === (end === "refused" ? "BAD_INPUT" : "");
}

const outcomes: Record<string, number> = {};
const answered: Record<string, number> = {};
const trial = await createTrial();
const tried: (TimedOutcome & { bytes: number; request: string })[] = [];
for (const request of fc.sample(hostileRequest(trial.schema), { numRuns: WARM_UP, seed: seed + 1 }))
  await trial.run(request);
for (const { shape, ...request } of fc.sample(hostileRequest(trial.schema), { numRuns: documents, seed })) {
  const outcome = await trial.timed(request);
  const text = JSON.stringify(request);
  const name = outcome.end === "refused" ? `refused: ${outcome.reason.slice(0, 60)}` : outcome.end;
  outcomes[name] = (outcomes[name] ?? 0) + 1;
  if (outcome.end !== "refused") answered[shape] = (answered[shape] ?? 0) + 1;
  // A text of some thousand characters is enough to see what is meant, and ten thousand of them fit into memory.
  tried.push({ ...outcome, bytes: text.length, request: text.slice(0, 2_000) });
}
tried.sort((a, b) => a.cpuMs - b.cpuMs);
const at = (share: number): number => tried[Math.min(documents - 1, Math.floor(share * documents))]?.cpuMs ?? 0;
console.log(
  JSON.stringify(
    {
      documents,
      seed,
      cpuMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
      outcomes: Object.fromEntries(Object.entries(outcomes).sort(([, a], [, b]) => b - a)),
      answered,
      unfit: tried.filter((each) => !isFit(each)).slice(0, 20),
      worst: tried.slice(-5).reverse(),
    },
    null,
    2,
  ),
);
