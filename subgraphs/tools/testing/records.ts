import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { toCall } from "../commands/to-call.ts";
import { claimInvocation } from "../execution/invocations/claim-invocation.ts";
import { registerExecutor } from "../store/register-executor.ts";
import type { InvocationRow } from "../store/tables.ts";
import type { ToolsFixture, ToolsProcess } from "./fixture.ts";

interface Frame {
  attempt: number;
  seq: number;
  n: number;
  kind: string;
  data: string | null;
  status: string | null;
  bytes: number | null;
  sha256: string | null;
}

/** What the database says, whoever wrote it. */
export function recordsOf({ database }: ToolsFixture) {
  const eventsOf = async (type: string) => {
    const rows = await database.owner<
      { key: string; payload: string }[]
    >`select key, payload from outbox where type = ${type} order by id`;
    return rows.map(({ key, payload }): Record<string, unknown> => ({ key, ...JSON.parse(payload) }));
  };
  return {
    eventsOf,
    framesOf: (id: string) =>
      database.owner<
        Frame[]
      >`select attempt, seq, n, kind, data, status, bytes, sha256 from stream_frame where invocation_id = ${id} order by n`,
    /** Events that tell the end of an invocation. */
    toolEvents: async (id: string) => (await eventsOf("agent.tools.v1")).filter((event) => event.invocation_id === id),
    async statusOf(id: string): Promise<Partial<InvocationRow>> {
      const [row] = await database.owner<
        Partial<InvocationRow>[]
      >`select status, attempt, error_type as "errorType", error_message as "errorMessage" from invocation
        where invocation_id = ${id}`;
      return row ?? {};
    },
  };
}

interface Left {
  tool: string;
  args: unknown;
  idempotencyKey: string;
  runId?: string;
  stepId?: string;
}

/** The state a process leaves that was killed while the tool ran: an intent, a started stream, an executor without its lock. */
export async function leaveRunning(
  { database }: ToolsFixture,
  { deps }: ToolsProcess,
  input: Left,
  { wrote = [], executorId }: { wrote?: readonly string[]; executorId?: string | undefined } = {},
): Promise<string> {
  const owner = executorId ?? newId();
  if (executorId === undefined) await registerExecutor(database.worker, { executorId: owner });
  const call = toCall(deps.registry, aPrincipal(), { ...input, decisionToken: "" });
  const { effect, isolation } = call.tool;
  const made = { effect, isolation, decisionId: newId(), executorId: owner, traceId: "" };
  await claimInvocation(database.request, { ...call, ...call.binding, ...made });
  for (const [index, text] of wrote.entries()) {
    await database.owner`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind, data)
      values ('acme', ${call.invocationId}, 1, ${index + 1}, ${index + 1}, 'data', ${text})`;
  }
  return call.invocationId;
}
