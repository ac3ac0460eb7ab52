import { once } from "node:events";
import { canonicalJson } from "@soma/schemas/json";
import type { Product } from "../find-product.ts";
import { recordedLines, type Span } from "./recorded-lines.ts";

/** Prints decisions with all that is needed to recompute them: the same bytes whenever the same ones are asked for. */
export async function exportDecisions({ client }: Product, span: Span): Promise<void> {
  for await (const line of recordedLines(client, span)) {
    // Whoever reads may be slower than the product is, and all of it larger than memory.
    const isRoom = process.stdout.write(`${canonicalJson(line)}\n`);
    if (!isRoom) await once(process.stdout, "drain");
  }
}
