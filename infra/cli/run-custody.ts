import { randomUUID } from "node:crypto";
import {
  EraseRunDocument,
  type HoldFieldsFragment,
  HoldRunDocument,
  ReleaseHoldDocument,
  RunHoldsDocument,
} from "@soma/graphql/operations";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, printTable, safe } from "./print.ts";
import { ALL_OR_NOTHING, answered, found } from "./run-history.ts";

export async function holdRun(
  { client, hints }: Product,
  { id, reason, json }: { id: string; reason: string; json: boolean },
): Promise<void> {
  const input = { runId: id, reason, idempotencyKey: randomUUID() };
  const { holdRun: payload } = await client.request(HoldRunDocument, { input });
  const { hold } = answered(payload);
  if (json) return printJson(hold);
  print(
    `run ${hold.runId} is held by hold ${hold.id}; \`${hints.soma} runs release ${hold.id} --reason TEXT\` ends it`,
  );
}

export async function releaseHold(
  { client }: Product,
  { id, reason, json }: { id: string; reason: string; json: boolean },
): Promise<void> {
  const input = { holdId: id, reason, idempotencyKey: randomUUID() };
  const { releaseHold: payload } = await client.request(ReleaseHoldDocument, { input });
  const { hold } = answered(payload);
  if (json) return printJson(hold);
  print(`hold ${hold.id} of run ${hold.runId} was released by ${safe(hold.releasedBy ?? "")} at ${hold.releasedAt}`);
}

export async function listHolds(
  { client, hints }: Product,
  { id, json }: { id: string; json: boolean },
): Promise<void> {
  const { run } = await client.request(RunHoldsDocument, { id }, ALL_OR_NOTHING);
  const holds = found(run, id, hints.soma).holds ?? [];
  if (json) return printJson(holds);
  if (holds.length === 0) return print(`run ${id} was never held`);
  printTable(["HOLD", "SINCE", "BY", "WHY", "RELEASED"], holds.map(toRow));
}

function toRow({ id, heldAt, heldBy, reason, releasedAt, releasedBy, releaseReason }: HoldFieldsFragment): string[] {
  const released = releasedAt ? `${releasedAt} by ${releasedBy}: ${line(releaseReason ?? "", 60)}` : "";
  return [id, heldAt, heldBy, line(reason, 60), released];
}

export async function eraseRun(
  { client }: Product,
  { id, reason, yes, json }: { id: string; reason: string; yes: boolean; json: boolean },
): Promise<void> {
  if (!yes)
    throw new CliError(
      `what run ${id} and all that it has started said is gone for good once it is erased; say --yes when that is meant`,
      { code: "BAD_INPUT", exitCode: EXIT.USAGE },
    );
  const input = { runId: id, reason, idempotencyKey: randomUUID() };
  const { eraseRun: payload } = await client.request(EraseRunDocument, { input });
  const { run, forks } = answered(payload);
  if (json) return printJson({ run, forks });
  const by = run.erasure;
  print(`run ${run.id} is erased, as ${safe(by?.erasedBy ?? "")} asked at ${by?.erasedAt}: ${safe(by?.reason ?? "")}`);
  print("what it remembered, and what policy and tools noted of it, is kept by those services and still there");
  if (forks.length > 0)
    print("\nthese runs were forked from it and may hold copies; erase them, too, where that is meant\n");
  for (const fork of forks) print(fork.id);
}
