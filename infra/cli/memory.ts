import { RecallDocument } from "@soma/graphql/operations";
import type { Product } from "./find-product.ts";
import { line, print, printJson, printTable } from "./print.ts";

export async function recallMemories(
  { client }: Product,
  { query, limit, json }: { query: string; limit: number; json: boolean },
): Promise<void> {
  const { recall } = await client.request(RecallDocument, { input: { query, limit } });
  if (json) return printJson(recall);
  if (recall.hits.length === 0) return print("nothing fitting is remembered");
  printTable(
    ["SCORE", "KIND", "WHAT", "WHY"],
    recall.hits.map(({ score, why, memory }) => [score.toFixed(3), memory.kind, line(memory.content, 80), why]),
  );
}
