import { GraphsDocument } from "@soma/graphql/operations";
import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
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
    const input: unknown = parseExactJson(given);
    if (isRecord(input)) return { graph, input };
  } catch (error) {
    if (error instanceof InexactNumber) throw new CliError(error.message, { code: "BAD_INPUT", exitCode: EXIT.USAGE });
  }
  throw new CliError(`the input of ${graph} begins like JSON and is none: ${given.slice(0, 80)}`, {
    code: "BAD_INPUT",
    exitCode: EXIT.USAGE,
  });
}
