import type { ConversationEvent } from "@soma/schemas/events";
import { consumeInbound } from "@soma/shared/bus/consume-inbound";
import type { EventBus, Subscription } from "@soma/shared/bus/event-bus";
import type { InboundTenants } from "@soma/shared/bus/inbound-tenants";
import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { WakeUp } from "@soma/shared/wake-up";
import { type StartRunDeps, type StartRunParams, startRun } from "../commands/start-run.ts";
import { keyOfMessage } from "../domain/answer-event.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import { keepSession } from "../store/keep-session.ts";

/** Who starts a run when a message on the bus does. */
const SUBJECT = "conversation.inbound.v1";
const AGENT = "assistant";

export interface ConversationDeps extends StartRunDeps {
  bus: EventBus;
  /** A pool of the worker role. */
  sql: Sql;
  tenants: InboundTenants;
  wakeUp: Pick<WakeUp, "changed">;
}

/**
 * What a user says on the bus is what a user says to the API: it starts a run of its session, under the default role, and the
 * limits of its tenant. The run is durable before its event counts as handled, under a key made of the event's id.
 */
export function consumeConversation(deps: ConversationDeps): Promise<Subscription> {
  const { bus, sql, tenants } = deps;
  return consumeInbound({
    bus,
    sql,
    tenants,
    consumer: "runs-conversation",
    type: "conversation.event.v1",
    handle: (_tx, { tenant, data }) => answer(deps, tenant, data),
  });
}

async function answer(deps: ConversationDeps, tenant: string, event: ConversationEvent): Promise<void> {
  if (event.role !== "user")
    throw new SomaError("BAD_INPUT", `a message of role ${event.role} begins no run; only one of a user does`);
  const principal = { tenant, subject: SUBJECT, roles: [deps.defaultRole], service: null };
  await startInSession(deps, principal, {
    graph: AGENT,
    input: { text: toText(event) },
    sessionId: event.session_id,
    idempotencyKey: keyOfMessage(event.event_id),
  });
  deps.wakeUp.changed(WORK_WAITS);
}

/** Its writer names the session, which begins with its first message: one that cannot be taken leaves none behind. */
async function startInSession(
  deps: ConversationDeps,
  principal: Principal,
  params: StartRunParams & { sessionId: string },
): Promise<void> {
  try {
    await startRun(deps, principal, params);
  } catch (error) {
    if (!(error instanceof SomaError && error.code === "NOT_FOUND")) throw error;
    const { tenant, subject: createdBy } = principal;
    await transaction(deps.sql, { tenant }, (tx) =>
      keepSession(tx, { tenant, sessionId: params.sessionId, createdBy }),
    );
    await startRun(deps, principal, params);
  }
}

/** What came with a message is kept elsewhere; the assistant is told where. */
function toText({ message, attachments }: ConversationEvent): string {
  return attachments.length === 0
    ? message
    : `${message}\n\nAttached:\n${attachments.map((at) => `- ${at}`).join("\n")}`;
}
