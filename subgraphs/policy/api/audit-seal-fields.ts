import { hashOfEvent, sha256 } from "@soma/schemas/audit/inclusion-proof";
import { inclusionPath } from "@soma/schemas/audit/merkle-tree";
import type { SignedSeal } from "@soma/schemas/audit/sealed-event";
import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { OPERATOR, requireRole } from "@soma/shared/identity/principal";
import { isId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { toSealedEvent } from "../audit/to-sealed-event.ts";
import { findSealOf } from "../store/find-seal-of.ts";
import { listSealedEvents } from "../store/list-sealed-events.ts";
import { listSeals } from "../store/list-seals.ts";
import type { AuditSealRow } from "../store/tables.ts";

const MOST = 200;

interface Page {
  after: number;
  limit: number;
}

/** What shows that the audit is as it was sealed. It is told as it is stored, for others to check. */
export function auditSealFields(sql: Sql) {
  return {
    async auditSeals(page: Page, { principal }: RequestContext) {
      requireRole(principal, OPERATOR);
      checkLimit(page.limit);
      const { tenant } = principal;
      const rows = await transaction(sql, { tenant }, (tx) => listSeals(tx, { tenant, ...page }));
      return rows.map(toSeal);
    },

    async sealedEvents(page: Page, { principal }: RequestContext) {
      requireRole(principal, OPERATOR);
      checkLimit(page.limit);
      const { tenant } = principal;
      const rows = await transaction(sql, { tenant }, (tx) => listSealedEvents(tx, { tenant, ...page }));
      return rows.map((row) => toSealedEvent(row, row));
    },

    async auditProof(eventId: string, { principal }: RequestContext) {
      requireRole(principal, OPERATOR);
      if (!isId(eventId)) return null;
      const { tenant } = principal;
      return transaction(sql, { tenant }, async (tx) => {
        const seal = await findSealOf(tx, { tenant, eventId });
        if (seal === null) return null;
        const range = { after: seal.firstSeq - 1, limit: seal.size };
        const events = (await listSealedEvents(tx, { tenant, ...range })).map((row) => toSealedEvent(row, row));
        const index = events.findIndex((event) => event.eventId === eventId.toLowerCase());
        const event = events[index];
        if (event === undefined) return null;
        const path = await inclusionPath(sha256, await Promise.all(events.map(hashOfEvent)), index);
        return { event, seal: toSeal(seal), path: path.map((each) => Buffer.from(each).toString("hex")) };
      });
    },
  };
}

function checkLimit(limit: number): void {
  if (limit < 1 || limit > MOST) throw new SomaError("BAD_INPUT", `limit is ${limit}; it must be 1 to ${MOST}`);
}

function toSeal(row: AuditSealRow): SignedSeal {
  return { ...row, at: row.at.toISOString() };
}
