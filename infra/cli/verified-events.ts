import type { SomaClient } from "@soma/graphql/client";
import { RunEventsPageDocument, type RunEventsPageQuery } from "@soma/graphql/operations";
import { CHAIN_START, type ChainHead, verifyNext } from "@soma/schemas/run-chain";
import { CliError } from "./cli-error.ts";

const PAGE = 1_000;

type Event = NonNullable<RunEventsPageQuery["runEventsPage"]>["events"][number];

/** The events of a run from its first one to this one, each verified against the one before. */
export async function* verifiedEvents(client: SomaClient, id: string, lastSeq: number): AsyncGenerator<Event, void> {
  let last: ChainHead = { seq: 0, hash: CHAIN_START };
  while (last.seq < lastSeq) {
    const limit = Math.min(PAGE, lastSeq - last.seq);
    const { runEventsPage } = await client.request(RunEventsPageDocument, { runId: id, afterSeq: last.seq, limit });
    const events = runEventsPage?.events ?? [];
    if (events.length === 0)
      throw new CliError(`the history of run ${id} ends with event ${last.seq}, and ${lastSeq} is its last`, {
        code: "INTERNAL",
      });
    for (const event of events) {
      const { stepId = null, nodeId = null, attempt = null } = event;
      last = await verifyNext(id, last, { ...event, stepId, nodeId, attempt });
      yield event;
    }
  }
}
