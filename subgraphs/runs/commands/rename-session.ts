import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { isId } from "@soma/shared/ids";
import { toStorableText } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { parseTitle } from "../domain/session-title.ts";
import { findSessions } from "../store/find-sessions.ts";
import { setSessionTitle } from "../store/set-session-title.ts";
import type { SessionRow } from "../store/tables.ts";

export interface RenameSessionParams {
  sessionId: string;
  /** Without one it is called by its first question again. */
  title?: string | null | undefined;
  idempotencyKey: string;
}

/**
 * Names a session; who did, and when, is kept with the name. Naming it the same again changes nothing, and whoever names it
 * last has named it: no key is remembered.
 */
export async function renameSession(
  sql: Sql,
  { tenant, subject: titledBy }: Principal,
  { sessionId, title, idempotencyKey }: RenameSessionParams,
): Promise<SessionRow> {
  checkIdempotencyKey(idempotencyKey);
  const named = parseTitle(toStorableText(title ?? ""));
  const [row] = isId(sessionId)
    ? await transaction(sql, { tenant }, async (tx) => {
        await setSessionTitle(tx, { tenant, sessionId, title: named, titledBy });
        return findSessions(tx, { sessionIds: [sessionId] });
      })
    : [];
  if (row === undefined)
    throw new SomaError("NOT_FOUND", `session ${sessionId.slice(0, 80)} cannot be renamed: it does not exist`);
  return row;
}
