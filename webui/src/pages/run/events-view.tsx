import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { RunLogSnapshot } from "../../run-log/run-log.ts";
import type { LogEvent } from "../../run-log/view.ts";
import { Empty } from "../../ui/states.tsx";
import { toClock, toCount } from "../../ui/words.ts";
import { EventPart } from "./event-part.tsx";
import styles from "./events-view.module.css";
import { filterEvents, UNFILTERED } from "./filter-events.ts";
import { focusList } from "./focus-list.ts";
import { RowList } from "./row-list.tsx";
import { MAX_TEXT, type RunAddress } from "./run-address.ts";

interface EventsViewProps {
  runId: string;
  log: RunLogSnapshot;
  address: RunAddress;
  onChange(changes: Partial<RunAddress>): void;
}

/** Every event of a run as it is kept, each verified before it is shown. */
export function EventsView({ runId, log: { events, state }, address, onChange }: EventsViewProps): ReactNode {
  const { text, event } = address;
  const shown = useFiltered(events, text);
  // Numbers are without gaps, from 1.
  const chosen = event === undefined ? undefined : events[event - 1];
  const close = (): void => {
    if (event !== undefined) onChange({ event: undefined });
    focusList();
  };
  return (
    <>
      <div className={styles.view}>
        <div className={styles.bar}>
          <Search text={text} onSearch={(next) => onChange({ text: next, event: undefined })} />
          <span>
            {text === "" ? "" : `${toCount(shown.length)} of `}
            {toCount(events.length)} events, each verified ✓: its hash follows from the one before
          </span>
        </div>
        {shown.length === 0 ? <Nothing text={text} /> : null}
        {shown.length === 0 ? null : (
          <RowList
            key={text}
            label="Events"
            items={shown}
            keyOf={({ seq }) => String(seq)}
            heights={HEIGHTS}
            chosen={placeOf(shown, event)}
            isFollowed={state.phase === "LIVE" || state.phase === "QUIET"}
            attributes={({ seq }) => ({ "data-seq": seq })}
            draw={drawEvent}
            onOpen={({ seq }) => onChange({ event: seq })}
            onClose={close}
          />
        )}
      </div>
      {chosen === undefined ? null : <EventPart key={chosen.seq} runId={runId} event={chosen} onClose={close} />}
    </>
  );
}

function useFiltered(events: readonly LogEvent[], text: string): readonly LogEvent[] {
  const kept = useRef(UNFILTERED);
  return useMemo(() => {
    kept.current = filterEvents(kept.current, events, text);
    return kept.current.shown;
  }, [events, text]);
}

function Search({ text, onSearch }: { text: string; onSearch(text: string): void }): ReactNode {
  // The same field when it was asked: whoever typed is still in it.
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current !== null) field.current.value = text;
  }, [text]);
  return (
    <search>
      <form
        className={styles.search}
        onSubmit={(event) => {
          event.preventDefault();
          onSearch(String(new FormData(event.currentTarget).get("text") ?? "").trim());
        }}
      >
        <input
          ref={field}
          type="search"
          name="text"
          aria-label="Words of an event"
          aria-keyshortcuts="/"
          placeholder="Words of an event"
          maxLength={MAX_TEXT}
          defaultValue={text}
        />
        <button type="submit">Filter</button>
      </form>
    </search>
  );
}

function Nothing({ text }: { text: string }): ReactNode {
  return (
    <div className={styles.nothing}>
      {text === "" ? (
        <Empty lead="No events yet.">The first one comes when a worker takes the run.</Empty>
      ) : (
        <Empty lead={`No event holds “${showHidden(text)}”.`}>
          Kinds, numbers, steps and payloads are looked through.
        </Empty>
      )}
    </div>
  );
}

const HEIGHTS = { wide: 28, narrow: 28 };
const drawEvent = (event: LogEvent): ReactNode => <EventLine event={event} />;

function placeOf(events: readonly LogEvent[], seq: number | undefined): number | undefined {
  const at = events.findIndex((event) => event.seq === seq);
  return at === -1 ? undefined : at;
}

function EventLine({ event: { seq, at, type, stepNumber, nodeId, hash } }: { event: LogEvent }): ReactNode {
  return (
    <div className={styles.line}>
      <span className={styles.seq}>{toCount(seq)}</span>
      <span className={styles.at}>{toClock(at)}</span>
      <span className={styles.type}>{showHidden(type)}</span>
      <span className={styles.about}>
        {stepNumber === null ? "" : `step ${stepNumber} ${showHidden(nodeId ?? "")}`}
      </span>
      <code className={styles.hash}>{hash.slice(0, 10)}</code>
    </div>
  );
}
