import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PolicyOfDocument } from "@soma/graphql/operations";
import { parseExactJson } from "@soma/schemas/exact-json";
import { canonicalJson } from "@soma/schemas/json";
import { loadEvaluator } from "@soma/schemas/verdict/evaluator";
import { toBytes } from "@soma/schemas/verdict/verdict-lines";
import { CliError, EXIT } from "../cli-error.ts";
import type { Product } from "../find-product.ts";
import { print, printJson } from "../print.ts";
import { ALL_OR_NOTHING } from "../run-history.ts";
import { loadCandidate } from "./candidate.ts";
import { tellTrace } from "./explain-decision.ts";
import { describe } from "./verify-decisions.ts";

export interface EvalOptions {
  /** A question as JSON. */
  input: string;
  /** Folder of another policy; the product's own when left out. */
  policy?: string | undefined;
  json: boolean;
}

/** What the policy would decide, with the product's data: nothing is stored. */
export async function evalInput(
  { client }: Product,
  { input: file, policy: folder, json }: EvalOptions,
): Promise<void> {
  const input = await read(resolve(file));
  const { policy } = await client.request(PolicyOfDocument, {}, ALL_OR_NOTHING);
  if (policy === null || policy === undefined) throw new CliError("the product has no policy", { code: "NOT_FOUND" });
  const evaluator = folder === undefined ? await loadEvaluator(toBytes(policy.wasm)) : await loadCandidate(folder);
  const { result } = evaluator.evaluate(input, policy.data);
  const rules = evaluator.trace(input, policy.data);
  if (json) return printJson({ ...result, rules });
  print(describe(result));
  if (result.allow) print(`good for ${result.ttl_s} s at most`);
  print("\n--- rules");
  tellTrace(rules);
}

async function read(path: string): Promise<string> {
  try {
    return canonicalJson(parseExactJson(await readFile(path, "utf8")));
  } catch (cause) {
    throw new CliError(`${path} cannot be asked about: ${cause instanceof Error ? cause.message : String(cause)}`, {
      code: "BAD_INPUT",
      exitCode: EXIT.USAGE,
      cause,
    });
  }
}
