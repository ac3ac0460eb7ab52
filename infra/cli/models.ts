import { randomUUID } from "node:crypto";
import { ModelProfilesDocument, type ModelProfilesQuery, TestModelDocument } from "@soma/graphql/operations";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, printTable, safe } from "./print.ts";

type Profile = NonNullable<ModelProfilesQuery["modelProfiles"]>[number];

export async function listModels({ client }: Product, json: boolean): Promise<void> {
  const { modelProfiles } = await client.request(ModelProfilesDocument, {});
  const profiles = modelProfiles ?? [];
  if (json) return printJson(profiles);
  printTable(
    ["PROFILE", "PROVIDER", "MODEL", "ADDRESS", "PRICE", "DEFAULT OF", "THEN", "USABLE"],
    profiles.map((profile) => [
      profile.name,
      profile.provider.toLowerCase().replaceAll("_", "-"),
      profile.model === "" ? "the first one" : line(profile.model, 40) + vectorsOf(profile),
      line(profile.address ?? "", 60),
      priceOf(profile),
      profile.defaultOf.join(", "),
      profile.fallbacks.join(", "),
      `${profile.isUsable ? "yes" : "no"}: ${line(profile.why, 120)}`,
    ]),
  );
}

/** For a million tokens in, kept ones where they cost less, and out. */
function priceOf({ price }: Profile): string {
  if (price === null || price === undefined) return "";
  const { inputPerMillion, cachedInputPerMillion, outputPerMillion, currency } = price;
  const kept = typeof cachedInputPerMillion === "number" ? ` (${cachedInputPerMillion})` : "";
  return `${inputPerMillion}${kept} / ${outputPerMillion} ${currency}`;
}

function vectorsOf({ dimensions }: Profile): string {
  return typeof dimensions === "number" ? ` (vectors of ${dimensions})` : "";
}

const NAMES = {
  TEXT: "text",
  STREAM: "stream",
  TOOL_CALL: "tool call",
  JSON: "JSON",
  EMBEDDINGS: "embeddings",
} as const;

/** A real round trip; the exit code is 1 when no text came, and no vectors. */
export async function testModel(
  { client }: Product,
  { profile, json }: { profile: string; json: boolean },
): Promise<void> {
  const { testModel: tested } = await client.request(TestModelDocument, {
    input: { profile, idempotencyKey: randomUUID() },
  });
  if (tested === null || tested === undefined)
    throw new CliError(`the test of ${profile} was not made`, { code: "INTERNAL" });
  if (json) printJson(tested);
  else {
    print(`${safe(tested.profile)} · ${tested.provider.toLowerCase().replaceAll("_", "-")} · ${safe(tested.model)}`);
    for (const { what, ok, detail } of tested.checks)
      print(`${ok ? "✓" : "✕"} ${NAMES[what].padEnd(10)} ${line(detail, 200)}`);
  }
  if (!tested.checks.some(({ what, ok }) => (what === "TEXT" || what === "EMBEDDINGS") && ok))
    process.exitCode = EXIT.FAILED;
}
