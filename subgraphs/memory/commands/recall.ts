import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import { isId } from "@soma/shared/ids";
import { toStorableText } from "@soma/shared/json";
import { checkNamespace } from "../domain/memory-key.ts";
import type { RecallParams, RecallPort, RecallResult } from "../recall/recall-port.ts";

const MAX_QUERY = 2_000;
const MAX_LIMIT = 50;

/** Asks the brain, whichever one it is. What no brain may be asked is refused here, once for all of them. */
export async function recall(
  deps: { brain: RecallPort },
  principal: Principal,
  params: Omit<RecallParams, "tenant">,
): Promise<RecallResult> {
  const query = toStorableText(params.query).trim();
  if (query.length < 1 || query.length > MAX_QUERY)
    throw new SomaError("BAD_INPUT", `the query has ${query.length} characters; it needs 1 to ${MAX_QUERY}`);
  checkNamespace(params.namespace);
  if (!Number.isInteger(params.limit) || params.limit < 1 || params.limit > MAX_LIMIT)
    throw new SomaError("BAD_INPUT", `limit is ${params.limit}; it must be 1 to ${MAX_LIMIT}`);
  if (params.sessionId !== undefined && !isId(params.sessionId))
    throw new SomaError("BAD_INPUT", `session id "${params.sessionId.slice(0, 80)}" is not a UUID`);
  return deps.brain.recall({ ...params, tenant: principal.tenant, query });
}
