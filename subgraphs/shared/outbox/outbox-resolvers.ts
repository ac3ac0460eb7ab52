import { SomaError } from "../errors.ts";
import type { RequestContext } from "../graphql/context.ts";
import { OPERATOR, requireRole } from "../identity/principal.ts";
import { isId } from "../ids.ts";
import type { Sql, Tx } from "../postgres/connect.ts";
import { transaction } from "../postgres/transaction.ts";
import { type DecideLetterParams, decideLetter } from "./decide-letter.ts";
import { findLetter, type LetterRow, listLetters } from "./store/find-letters.ts";
import { type DecisionRow, listDecisions } from "./store/letter-decisions.ts";
import type { OutboxState } from "./store/measure-own-outbox.ts";

const MOST_LETTERS = 100;
const DECISIONS = 100;

interface OutboxResolverDeps {
  /** A pool of the request role. */
  sql: Sql;
  measure(tx: Tx, params: { tenant: string }): Promise<OutboxState>;
}

/**
 * What each subgraph answers about its events: its fields of the root, and `Outbox` with what is in it. The schema is made
 * of outbox.graphql by codegen.ts.
 */
export function outboxResolvers({ sql, measure }: OutboxResolverDeps) {
  const read = <T>({ principal }: RequestContext, work: (tx: Tx, tenant: string) => Promise<T>): Promise<T> =>
    transaction(sql, { tenant: principal.tenant }, (tx) => work(tx, principal.tenant));
  return {
    outbox(context: RequestContext): Promise<OutboxState> {
      requireRole(context.principal, OPERATOR);
      return read(context, (tx, tenant) => measure(tx, { tenant }));
    },
    decide: async (input: DecideLetterParams, { principal }: RequestContext) => ({
      decision: toDecision(await decideLetter(sql, principal, input)),
    }),
    Outbox: {
      letters(_parent: OutboxState, page: { after?: string | null; limit: number }, context: RequestContext) {
        const { limit, after = null } = page;
        if (limit < 1 || limit > MOST_LETTERS)
          throw new SomaError("BAD_INPUT", `the limit of letters is 1 to ${MOST_LETTERS}, and this is ${limit}`);
        if (after !== null && !isId(after)) throw new SomaError("CURSOR_INVALID", "after is not the id of a letter");
        return read(context, async (tx, tenant) => (await listLetters(tx, { tenant, after, limit })).map(toLetter));
      },
      letter: (_parent: OutboxState, { id }: { id: string }, context: RequestContext) =>
        read(context, async (tx, tenant) => {
          const row = isId(id) ? await findLetter(tx, { tenant, eventId: id }) : undefined;
          return row === undefined ? null : toLetter(row);
        }),
      decisions: (_parent: OutboxState, _args: object, context: RequestContext) =>
        read(context, async (tx, tenant) => (await listDecisions(tx, { tenant, limit: DECISIONS })).map(toDecision)),
    },
  };
}

function toLetter({ eventId, parkedAt, ...row }: LetterRow) {
  return { id: eventId, parkedAt: parkedAt.toISOString(), ...row };
}

function toDecision({ eventId, decidedAt, decision, reason, decidedBy, type, topic, key }: DecisionRow) {
  return { letterId: eventId, decidedAt: decidedAt.toISOString(), decision, reason, decidedBy, type, topic, key };
}
