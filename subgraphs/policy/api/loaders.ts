import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { createPageLoader } from "@soma/shared/graphql/page-loader";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import DataLoader from "dataloader";
import { findAuditEvents } from "../store/find-audit-events.ts";
import { findDecisions } from "../store/find-decisions.ts";
import { findInputs } from "../store/find-inputs.ts";
import { findNewestOfSteps } from "../store/find-newest-of-steps.ts";
import { listDecisionsOf } from "../store/list-decisions-of.ts";
import type { AuditRow, DecisionRow } from "../store/tables.ts";

/** Each may have 64 KB, and all of them are in memory until they are answered. */
const MOST_INPUTS = 1_000;

/** Reads of one request: each asks once for all that the request names. */
export function loadersOf(sql: Sql, context: RequestContext) {
  const { tenant } = context.principal;
  return context.once(loadersOf, () => ({
    decision: new DataLoader<string, DecisionRow | undefined>(async (decisionIds) => {
      const found = await transaction(sql, { tenant }, (tx) => findDecisions(tx, { decisionIds }));
      const rows = new Map(found.map((row) => [row.decisionId, row]));
      return decisionIds.map((id) => rows.get(id));
    }),
    /** What the policy was asked, by its digest. */
    input: createInputLoader(sql, tenant),
    auditEvent: new DataLoader<string, AuditRow | undefined>(async (eventIds) => {
      const found = await transaction(sql, { tenant }, (tx) => findAuditEvents(tx, { eventIds }));
      const rows = new Map(found.map((row) => [row.eventId, row]));
      return eventIds.map((id) => rows.get(id));
    }),
    /** The newest decision of each step. */
    byStep: new DataLoader<string, DecisionRow | undefined>(async (stepIds) => {
      const found = await transaction(sql, { tenant }, (tx) => findNewestOfSteps(tx, { stepIds }));
      const rows = new Map(found.map((row) => [row.stepId, row]));
      return stepIds.map((id) => rows.get(id));
    }),
    /** The decisions of each run, oldest first. */
    byRun: createPageLoader({ sql, tenant, list: listDecisionsOf, ownerOf: (row) => row.runId }),
  }));
}

function createInputLoader(sql: Sql, tenant: string) {
  let asked = 0;
  return new DataLoader<string, string | undefined>(async (digests) => {
    asked += digests.length;
    if (asked > MOST_INPUTS)
      throw new SomaError(
        "BAD_INPUT",
        `a request cannot read what ${asked} decisions were asked, only ${MOST_INPUTS}; ask for smaller pages`,
      );
    const found = await transaction(sql, { tenant }, (tx) => findInputs(tx, { digests }));
    const inputs = new Map(found.map(({ digest, input }) => [digest, input]));
    return digests.map((digest) => inputs.get(digest));
  });
}
