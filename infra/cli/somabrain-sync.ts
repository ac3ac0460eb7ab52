import { randomUUID } from "node:crypto";
import { AuditMemoriesDocument, MemorySyncDocument, RequeueMemoriesDocument } from "@soma/graphql/operations";
import type { Product } from "./find-product.ts";
import { print, printJson, safe } from "./print.ts";
import { answered } from "./run-history.ts";

export async function showSync({ client }: Product, json: boolean): Promise<void> {
  const sync = answered((await client.request(MemorySyncDocument, {})).memorySync);
  if (json) return printJson(sync);
  const { state, since, dialect, fault, waiting, refused, oldestSeconds } = sync;
  if (state === "OFF") return print("there is no SomaBrain: SOMA_BASE_URL is not set");
  print(
    `SomaBrain is ${state.toLowerCase()}${since === null ? "" : ` since ${since}`}${dialect === null ? "" : `, by ${dialect}`}`,
  );
  if (fault !== null) print(`why:     ${safe(fault)}`);
  print(`waiting: ${waiting}, the oldest for ${oldestSeconds.toFixed(0)} s`);
  print(`refused: ${refused}`);
}

export interface RequeueOptions {
  which: "REFUSED" | "ALL";
  since?: string;
  json: boolean;
}

export async function requeueMemories({ client }: Product, { json, ...wanted }: RequeueOptions): Promise<void> {
  const input = { ...wanted, idempotencyKey: randomUUID() };
  const { requeued } = answered((await client.request(RequeueMemoriesDocument, { input })).requeueMemories);
  if (json) return printJson({ requeued });
  print(`${requeued} memories are brought to SomaBrain again`);
}

/** True when its store has all that were asked for. */
export async function auditSync(
  { client }: Product,
  { limit, json }: { limit: number; json: boolean },
): Promise<boolean> {
  const input = { limit, idempotencyKey: randomUUID() };
  const { looked, missing } = answered((await client.request(AuditMemoriesDocument, { input })).auditMemories);
  if (json) printJson({ looked, missing });
  else {
    for (const { id, key } of missing) print(`missing: ${id} ${safe(key)}`);
    print(`${looked} were asked for, ${missing.length} are missing${missing.length > 0 ? " and brought again" : ""}`);
  }
  return missing.length === 0;
}
