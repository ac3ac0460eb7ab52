import { ToolsDocument } from "@soma/graphql/operations";
import type { Product } from "./find-product.ts";
import { printJson, printTable } from "./print.ts";

export async function listTools({ client }: Product, json: boolean): Promise<void> {
  const { tools } = await client.request(ToolsDocument, {});
  if (json) return printJson(tools);
  printTable(
    ["TOOL", "VERSION", "RISK", "EFFECT", "ISOLATION", "LIMIT", "WHAT IT DOES"],
    tools.map((tool) => [
      tool.name,
      tool.version,
      tool.risk,
      tool.effect,
      tool.isolation,
      `${tool.timeoutMs / 1_000} s`,
      tool.description,
    ]),
  );
}
