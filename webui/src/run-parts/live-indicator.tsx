import type { FollowState } from "@soma/graphql/follow-state";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useContext, useRef } from "react";
import type { ShownPhase } from "../run-log/live-words.ts";
import { RunLogsContext } from "../run-log/use-run-log.ts";
import { LeavingButton } from "../ui/leaving-button.tsx";
import { toCount } from "../ui/words.ts";
import styles from "./live-indicator.module.css";
import { useLiveWords } from "./use-live-words.ts";

const LOOK: Record<ShownPhase, string> = {
  LOADING: "ring",
  CATCHING_UP: "blueRing",
  LIVE: "dot",
  QUIET: "dot",
  STALE: "old",
  RECONNECTING: "old",
  OFFLINE: "old",
  CLOSED: "old",
  REPAIRING: "amber",
  BROKEN: "red",
  ENDED: "done",
};

/** Whether what is on the screen is whole, current and verified; a press shows how that is known. */
export function LiveIndicator({ runId }: { runId: string }): ReactNode {
  const { phase, text, state } = useLiveWords(runId);
  const logs = useContext(RunLogsContext);
  const indicator = useRef<HTMLButtonElement>(null);
  const [words, details] = [`${styles.indicator} ${styles[LOOK[phase]]}`, `live-${runId}`];
  return (
    <div className={styles.place}>
      <button ref={indicator} type="button" className={words} data-live-state={phase} popoverTarget={details}>
        <span className={styles.sign} aria-hidden="true" />
        {text}
      </button>
      {phase === "RECONNECTING" ? (
        <LeavingButton className={styles.retry} next={indicator} onClick={() => logs.retryNow(runId)}>
          Retry now
        </LeavingButton>
      ) : null}
      <div id={details} popover="auto" className={styles.details}>
        <Details state={state} />
      </div>
    </div>
  );
}

const TRANSPORT: Record<FollowState["transport"], string> = {
  WEBSOCKET: "WebSocket",
  SSE: "Server-sent events",
  POLLING: "Asks every 2 s",
};

function Details({ state }: { state: FollowState }): ReactNode {
  const facts: [string, string][] = [
    ["Events verified", toCount(state.received)],
    ["Newest event on the server", toCount(state.head)],
    ["Reconnects", toCount(state.reconnects)],
    ["Duplicates dropped", toCount(state.duplicatesDropped)],
    ["Gaps repaired", toCount(state.gapsRepaired)],
    ["Connection", TRANSPORT[state.transport]],
  ];
  return (
    <>
      <h2>How this is known</h2>
      <dl>
        {facts.map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {state.detail === undefined ? null : <p>{showHidden(state.detail)}</p>}
      <p>
        Each event carries a hash over the one before it, and this page has computed every one again. That proves the
        events are complete and unchanged relative to the newest. It cannot show that the server hid a different
        history.
      </p>
    </>
  );
}
