import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { isId, newId } from "@soma/shared/ids";
import { digest, toStorableJson, toStorableText } from "@soma/shared/json";
import { emit } from "@soma/shared/outbox/emit";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { activeTraceId } from "@soma/shared/telemetry";
import { parseInstant } from "../domain/instant.ts";
import { memoryKey, withSuffix } from "../domain/memory-key.ts";
import { findMemories } from "../store/find-memories.ts";
import { findMemoryCall } from "../store/find-memory-call.ts";
import { insertMemory } from "../store/insert-memory.ts";
import { insertMemoryCall } from "../store/insert-memory-call.ts";
import { listMemoriesOfKeyBase } from "../store/list-memories-of-key-base.ts";
import { lockForgetting } from "../store/lock-forgetting.ts";
import { lockName } from "../store/lock-name.ts";
import type { MemoryRow } from "../store/tables.ts";
import { checkKept } from "./check-kept.ts";

interface RememberParams {
  namespace: string;
  sessionId: string;
  role: "USER" | "ASSISTANT" | "SYSTEM" | "TOOL";
  kind: "MESSAGE" | "FACT";
  content: string;
  at: string;
  runId?: string | null | undefined;
  stepId?: string | null | undefined;
  meta?: unknown;
  idempotencyKey: string;
}

interface Remembered {
  memory: MemoryRow;
  deduplicated: boolean;
}

const MAX_CONTENT = 65_536;
const MAX_META_BYTES = 16_384;
const MAX_AHEAD_MS = 5 * 60 * 1_000;
const MAX_SUBJECT = 300;
const STEP_ID = /^[!-~]{1,60}$/;

/**
 * Keeps a memory and its event in one transaction. The caller's key makes a repeated call harmless; the memory's own
 * key (who, where, when, what) makes the same memory told twice one memory.
 */
export async function remember(
  deps: { sql: Sql; now(): Date },
  principal: Principal,
  params: RememberParams,
): Promise<Remembered> {
  const { tenant } = principal;
  const { idempotencyKey: callKey } = params;
  const now = deps.now();
  const draft = toDraft(principal, params, now);
  const body = digest([
    draft.namespace,
    draft.sessionId,
    draft.role,
    draft.kind,
    draft.content,
    draft.at.toISOString(),
    draft.runId,
    draft.meta,
  ]);
  return transaction(deps.sql, { tenant }, async (tx) => {
    await lockForgetting(tx, { tenant, shared: true });
    await lockName(tx, { tenant, name: `call/${callKey}` });
    const call = await findMemoryCall(tx, { tenant, callKey });
    if (call !== undefined) {
      checkKept(call);
      if (call.digest !== body)
        throw new SomaError(
          "IDEMPOTENCY_CONFLICT",
          `idempotency key "${callKey}" belongs to memory ${call.memoryId}, which says something else; use a new key`,
        );
      const [memory] = await findMemories(tx, { memoryIds: [call.memoryId] });
      if (memory === undefined) throw new SomaError("ERASED", `memory ${call.memoryId} is being forgotten`);
      return { memory, deduplicated: true };
    }
    const remembered = await keep(tx, draft);
    await insertMemoryCall(tx, { tenant, callKey, digest: body, memoryId: remembered.memory.memoryId });
    return remembered;
  });
}

type Draft = Omit<MemoryRow, "idemSuffix" | "somabrainKey">;

async function keep(tx: Tx, draft: Draft): Promise<Remembered> {
  await lockName(tx, { tenant: draft.tenant, name: `key/${draft.idemKeyBase}` });
  const sameBase = await listMemoriesOfKeyBase(tx, draft);
  const same = sameBase.find((row) => row.content === draft.content && row.kind === draft.kind);
  if (same !== undefined) return { memory: same, deduplicated: true };
  // Sixteen digits of a hash can be the same for other content; the suffix tells them apart.
  const idemSuffix = sameBase.length === 0 ? null : newId().slice(-8);
  const somabrainKey = withSuffix(draft.idemKeyBase, idemSuffix);
  const memory: MemoryRow = {
    ...draft,
    idemSuffix,
    somabrainKey,
    meta: { ...(draft.meta as object), idem_key_base: draft.idemKeyBase, idem_suffix: idemSuffix },
  };
  if (!(await insertMemory(tx, memory)))
    throw new SomaError("UNAVAILABLE", "the same memory is being forgotten at this moment; say it again in a second");
  await emit(tx, {
    type: "memory.event.v1",
    tenant: memory.tenant,
    key: somabrainKey,
    data: {
      event_id: newId(),
      tenant: memory.tenant,
      namespace: memory.namespace,
      action: "remembered",
      memory_id: memory.memoryId,
      somabrain_key: somabrainKey,
      timestamp: memory.createdAt.toISOString(),
      sync_state: "local",
      session_id: memory.sessionId,
      trace_id: activeTraceId(),
      ...(memory.runId === null ? {} : { run_id: memory.runId }),
    },
  });
  return { memory, deduplicated: false };
}

function toDraft({ tenant, subject }: Principal, params: RememberParams, now: Date): Draft {
  const content = toStorableText(params.content);
  const meta = toStorableJson(params.meta ?? {});
  const at = parseInstant("at", params.at);
  checkIdempotencyKey(params.idempotencyKey);
  if (content.length < 1 || content.length > MAX_CONTENT)
    throw new SomaError("BAD_INPUT", `the content has ${content.length} characters; it needs 1 to ${MAX_CONTENT}`);
  if (typeof meta !== "object" || meta === null || Array.isArray(meta))
    throw new SomaError("BAD_INPUT", "meta is not an object");
  if (Buffer.byteLength(JSON.stringify(meta)) > MAX_META_BYTES)
    throw new SomaError("PAYLOAD_TOO_LARGE", `meta is larger than ${MAX_META_BYTES} bytes`);
  if (at.getTime() > now.getTime() + MAX_AHEAD_MS)
    throw new SomaError("BAD_INPUT", `at is ${at.toISOString()}, more than five minutes from now`);
  for (const [name, id] of [
    ["session", params.sessionId],
    ["run", params.runId],
  ] as const) {
    if (typeof id === "string" && !isId(id))
      throw new SomaError("BAD_INPUT", `${name} id "${id.slice(0, 80)}" is not a UUID`);
  }
  if (typeof params.stepId === "string" && !STEP_ID.test(params.stepId))
    throw new SomaError("BAD_INPUT", `step id "${params.stepId.slice(0, 80)}" is not 1 to 60 visible ASCII characters`);
  const role = params.role.toLowerCase();
  return {
    tenant,
    memoryId: newId("Memory", now.getTime()),
    namespace: params.namespace,
    sessionId: params.sessionId,
    role,
    kind: params.kind,
    content,
    meta,
    at,
    runId: params.runId ?? null,
    stepId: params.stepId ?? null,
    idemKeyBase: memoryKey({
      tenant,
      namespace: params.namespace,
      sessionId: params.sessionId,
      role,
      at: at.toISOString(),
      content,
    }),
    createdAt: now,
    subject: subject.slice(0, MAX_SUBJECT),
  };
}
