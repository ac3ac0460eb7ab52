import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { sealDigest } from "@soma/schemas/audit/check-seal";
import { canonicalJson } from "@soma/schemas/json";
import { CliError, EXIT } from "../cli-error.ts";
import type { Product } from "../find-product.ts";
import { print, printJson, safe } from "../print.ts";
import { sealedLines } from "./sealed-lines.ts";

interface Exported {
  seals: number;
  events: number;
  /** The last seal, and the digest that fixes it and all before it. */
  newest: { number: number; digest: string } | null;
}

/** Writes all seals and the events that they cover to a file: the same bytes whenever the same ones are asked for. */
export async function exportAudit(
  { client }: Product,
  { out, json }: { out: string; json: boolean },
): Promise<void> {
  const told: Exported = { seals: 0, events: 0, newest: null };
  const texts = async function* () {
    for await (const line of sealedLines(client)) {
      if (line.kind === "seal") told.newest = { number: line.seal.number, digest: sealDigest(line.seal) };
      if (line.kind === "end") Object.assign(told, { seals: line.seals, events: line.events });
      yield `${canonicalJson(line)}\n`;
    }
  };
  await pipeline(texts, createWriteStream(resolve(out))).catch((cause: unknown) => {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    throw new CliError(`${out} cannot be written: ${cause.message}`, {
      code: "BAD_INPUT",
      exitCode: EXIT.USAGE,
      cause,
    });
  });
  if (json) return printJson(told);
  print(safe(`${told.seals} seals and the ${told.events} events that they cover are in ${out}`));
  if (told.newest !== null)
    print(`keep the digest of seal ${told.newest.number} elsewhere, it fixes all before it: ${told.newest.digest}`);
}
