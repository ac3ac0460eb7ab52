import type { RequestContext } from "@soma/shared/graphql/context";
import { OPERATOR, requireRole } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { PolicyEngine } from "../decision/policy-engine.ts";
import { toShownInput } from "../domain/shown-input.ts";
import { findPolicy } from "../store/find-policy.ts";
import { findPolicyData } from "../store/find-policy-data.ts";
import type { DecisionRow } from "../store/tables.ts";
import type { QueryPolicyArgs } from "./generated.ts";
import { loadersOf } from "./loaders.ts";

interface Deps {
  sql: Sql;
  engine: PolicyEngine;
}

/** What of a decision is needed to recompute it, and what people may see of that. */
export function verdictFields({ sql, engine }: Deps) {
  const inputOf = async ({ inputDigest }: DecisionRow, context: RequestContext): Promise<string | null> =>
    inputDigest === null ? null : ((await loadersOf(sql, context).input.load(inputDigest)) ?? null);
  return {
    async input(row: DecisionRow, context: RequestContext): Promise<string | null> {
      const input = await inputOf(row, context);
      return input === null ? null : toShownInput(input);
    },

    async record(row: DecisionRow, context: RequestContext) {
      requireRole(context.principal, OPERATOR);
      const { tenant, policyRevision, dataRevision, inputDigest } = row;
      if (policyRevision === null || dataRevision === null || inputDigest === null) return null;
      return { tenant, policyRevision, dataRevision, inputDigest, input: await inputOf(row, context) };
    },

    /** What decides now where a revision is left out, whether it has decided anything yet or not. */
    async policy(asked: QueryPolicyArgs, context: RequestContext) {
      requireRole(context.principal, OPERATOR);
      const now = engine.revision;
      const policyRevision = asked.policyRevision ?? now.policyRevision;
      const dataRevision = asked.dataRevision ?? now.dataRevision;
      const { wasm, data } = await transaction(sql, { tenant: context.principal.tenant }, async (tx) => ({
        wasm: policyRevision === now.policyRevision ? now.wasm : await findPolicy(tx, { digest: policyRevision }),
        data: dataRevision === now.dataRevision ? now.data : await findPolicyData(tx, { digest: dataRevision }),
      }));
      if (wasm === undefined || data === undefined) return null;
      return { policyRevision, dataRevision, wasm: Buffer.from(wasm).toString("base64"), data };
    },
  };
}
