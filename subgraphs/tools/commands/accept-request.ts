import type { ToolRequestEvent } from "@soma/schemas/events";
import { SomaError } from "@soma/shared/errors";
import { toStorableJson } from "@soma/shared/json";
import type { Tx } from "@soma/shared/postgres/connect";
import { traceHeaders } from "@soma/shared/telemetry";
import { type AskedBy, askedByOf, keyOfRequest } from "../domain/tool-result.ts";
import type { Registry } from "../execution/catalog/registry.ts";
import { insertRequest } from "../store/insert-request.ts";
import { toCall } from "./to-call.ts";

/** Requests of a tenant that wait; beyond them its topic waits. */
const MOST_WAITING = 1_000;

interface AcceptRequestParams {
  registry: Registry;
  tenant: string;
  event: ToolRequestEvent;
}

/** Keeps a request for its answer, in the transaction of its event. Throws BAD_INPUT for what is no call of a tool there is. */
export async function acceptRequest(tx: Tx, { registry, tenant, event }: AcceptRequestParams): Promise<void> {
  const args = toStorableJson(event.args);
  const askedBy = toStorableJson(askedByOf(event)) as unknown as AskedBy;
  const principal = { tenant, subject: "", roles: [], service: null };
  const call = { tool: event.tool_name, args, decisionToken: "", idempotencyKey: keyOfRequest(event) };
  const { invocationId, tool } = toCall(registry, principal, call);
  const traceParent = traceHeaders().traceparent ?? "";
  const request = { tenant, invocationId, tool: tool.name, args, askedBy, traceParent };
  if (!(await insertRequest(tx, request, { most: MOST_WAITING })))
    throw new SomaError("UNAVAILABLE", `${MOST_WAITING} requests for tools of tenant ${tenant} wait for their answers`);
}
