import { isErased } from "@soma/schemas/erased-payload";
import { payloadOf } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import { type StreamFrame, toGraphqlFrame } from "@soma/shared/stream-frames/graphql-frames";
import { toChained } from "../domain/chain.ts";
import type { HistoryEvent } from "../domain/history.ts";
import type { Resolvers } from "./generated.ts";
import { loadersOf } from "./loaders.ts";

/** Fields of an event of a run's history. */
export function eventResolvers(sql: Sql): Pick<Resolvers, "RunEvent"> {
  return {
    RunEvent: {
      at: (event) => toChained(event).at,
      type: (event) => event.kind,
      stepId: (event) => toChained(event).stepId,
      stepNumber: (event) => (event.step === 0 ? null : event.step),
      nodeId: (event) => event.node,
      attempt: (event) => toChained(event).attempt,
      frame: toFrame,
      async step(event, _args, context) {
        return event.step === 0 ? null : ((await loadersOf(sql, context).step.load(event)) ?? null);
      },
    },
  };
}

/** The typed form of a STREAM_ event; null for the others, and for one that was erased. */
function toFrame({ kind, payload }: HistoryEvent): StreamFrame | null {
  if (kind !== "STREAM_START" && kind !== "STREAM_DATA" && kind !== "STREAM_END") return null;
  if (isErased(payload)) return null;
  return toGraphqlFrame(payloadOf(kind, payload));
}
