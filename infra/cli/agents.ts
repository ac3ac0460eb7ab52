import { GraphsDocument } from "@soma/graphql/operations";
import { isRecord } from "@soma/schemas/json";
import type { Asked } from "./ask.ts";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { printJson, printTable } from "./print.ts";

export async function listAgents({ client }: Product, json: boolean): Promise<void> {
  const { graphs } = await client.request(GraphsDocument, {});
  if (json) return printJson(graphs);
  printTable(
    ["AGENT", "VERSION", "STRUCTURE"],
    graphs.map(({ name, version, hash }) => [name, String(version), hash]),
  );
}

/** What an agent is started with: an object of JSON, or any other text as `{text}`. */
export function toAsked(graph: string, given: string): Asked {
  if (!given.trimStart().startsWith("{")) return { graph, input: { text: given } };
  try {
    const input: unknown = JSON.parse(given);
    if (isRecord(input)) return { graph, input };
  } catch {
    // Told below.
  }
  throw new CliError(`the input of ${graph} begins like JSON and is none: ${given.slice(0, 80)}`, {
    code: "BAD_INPUT",
    exitCode: EXIT.USAGE,
  });
}
