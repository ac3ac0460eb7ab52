import type { RunSummaryFragment } from "@soma/graphql/operations";
import { useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { sessionPath } from "../../place.ts";
import { useHere } from "../../ui/use-here.ts";
import { parseChoice, withChoice } from "./choice.ts";
import { FIRST_SEAT, nextSeat } from "./seat.ts";

interface Sent {
  run: RunSummaryFragment;
  /** Where the message was written that began it. */
  seat: number;
  /** Whether the reader was still there when the server had it. */
  wasHere: boolean;
}

/** The run that was sent last, and what is called when another one is being sent: it gives what to tell the run to. */
export function useSent() {
  const [sent, setSent] = useState<Sent>();
  const [, navigate] = useLocation();
  const search = useSearch();
  const mark = useHere();
  useEffect(() => {
    // Whatever sent it goes away, and the next thing to do is to write.
    if (sent?.wasHere === true) document.querySelector<HTMLElement>("#message")?.focus();
  }, [sent]);
  const send = (seat: number) => () => {
    const isHere = mark();
    return (run: RunSummaryFragment): void => {
      const wasHere = isHere();
      setSent({ run, seat, wasHere });
      if (wasHere) navigate(`${sessionPath(run.session.id)}${withChoice("", parseChoice(search))}`);
    };
  };
  return { sent, send };
}

/** The key of the composer at a conversation. */
export function useSeat(conversation: string | undefined, sent: Sent | undefined): number {
  const [seat, setSeat] = useState(FIRST_SEAT);
  const begun = sent?.wasHere === true ? { seat: sent.seat, sessionId: sent.run.session.id } : undefined;
  const next = nextSeat(seat, conversation, begun);
  if (next !== seat) setSeat(next);
  return next.key;
}
