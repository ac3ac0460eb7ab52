import { canonicalJson } from "@soma/schemas/json";
import type { Evaluator } from "@soma/schemas/verdict/evaluator";
import type { RecordedDecision } from "@soma/schemas/verdict/recorded-decision";
import type { Verdict } from "@soma/schemas/verdict/verifier";
import type { Product } from "../find-product.ts";
import { print, printJson, printTable, safe } from "../print.ts";
import { loadCandidate } from "./candidate.ts";
import { createDataCache, type DataOf } from "./data-cache.ts";
import { newestDecisions } from "./recorded-lines.ts";
import { describe } from "./verify-decisions.ts";

export interface ReplayOptions {
  /** Folder of the changed policy. */
  policy: string;
  /** How many decisions, the newest. */
  last: number;
  json: boolean;
}

interface Change {
  id: string;
  tool: string;
  role: string;
  change: "DENIES" | "ALLOWS" | "SAYS";
  now: Verdict;
  then: Verdict;
}

/** What another policy would have decided of what was asked: nothing is stored, and nothing decided anew. */
export async function replayDecisions(product: Product, { policy, last, json }: ReplayOptions): Promise<void> {
  const candidate = await loadCandidate(policy);
  const dataOf = createDataCache(product.client);
  const changes: Change[] = [];
  let [asked, skipped] = [0, 0];
  for await (const decision of newestDecisions(product.client, last)) {
    asked += 1;
    const then = await evaluate(candidate, dataOf, decision);
    if (then === undefined) skipped += 1;
    else changes.push(...toChange(decision, then));
  }
  if (json) return printJson({ decisions: asked, skipped, changes });
  printTable(
    ["DECISION", "TOOL", "ROLE", "CHANGE", "NOW", "THEN"],
    changes.map(({ id, tool, role, change, now, then }) => [
      ...[id, safe(tool), safe(role), WORDS[change]],
      ...[describe(now), describe(then)],
    ]),
  );
  const count = (kind: Change["change"]): number => changes.filter(({ change }) => change === kind).length;
  print(
    `\n${asked} decisions: ${count("DENIES")} would be denied, ${count("ALLOWS")} would be allowed, ${count("SAYS")} would say something else${skipped === 0 ? "" : `; of ${skipped} is not kept what was asked`}`,
  );
}

const WORDS = { DENIES: "would be denied", ALLOWS: "would be allowed", SAYS: "says something else" } as const;

async function evaluate(
  candidate: Evaluator,
  dataOf: DataOf,
  { record }: RecordedDecision,
): Promise<Verdict | undefined> {
  if (record === null || record.input === null) return undefined;
  const data = await dataOf(record);
  return data === undefined ? undefined : candidate.evaluate(record.input, data).result;
}

function toChange({ id, tool, role, allow, reason, obligations }: RecordedDecision, result: Verdict): Change[] {
  const now = { allow, reason, obligations: obligations as Verdict["obligations"] };
  const then = { allow: result.allow, reason: result.reason, obligations: result.obligations };
  if (canonicalJson(now) === canonicalJson(then)) return [];
  const change = allow === then.allow ? "SAYS" : then.allow ? "ALLOWS" : "DENIES";
  return [{ id, tool, role, change, now, then }];
}
