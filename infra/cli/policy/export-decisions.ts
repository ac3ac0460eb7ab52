import { canonicalJson } from "@soma/schemas/json";
import type { Product } from "../find-product.ts";
import { print } from "../print.ts";
import { recordedLines, type Span } from "./recorded-lines.ts";

/** Prints decisions with all that is needed to recompute them: the same bytes whenever the same ones are asked for. */
export async function exportDecisions({ client }: Product, span: Span): Promise<void> {
  for await (const line of recordedLines(client, span)) print(canonicalJson(line));
}
