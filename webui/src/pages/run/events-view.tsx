import { showHidden } from "@soma/schemas/hidden-characters";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useState } from "react";
import type { RunLogSnapshot } from "../../run-log/run-log.ts";
import type { LogEvent } from "../../run-log/view.ts";
import { Empty } from "../../ui/states.tsx";
import { useRows } from "../../ui/use-rows.ts";
import { toClock, toCount } from "../../ui/words.ts";
import { EventPart } from "./event-part.tsx";
import styles from "./events-view.module.css";
import { filterEvents } from "./filter-events.ts";
import { type ListKey, toListKey } from "./list-keys.ts";
import { MAX_TEXT, type RunAddress } from "./run-address.ts";

interface EventsViewProps {
  log: RunLogSnapshot;
  address: RunAddress;
  onChange(changes: Partial<RunAddress>): void;
}

/** Every event of a run as it is kept, each verified before it is shown. */
export function EventsView({ log: { events, state }, address, onChange }: EventsViewProps): ReactNode {
  const { text, event } = address;
  const shown = useMemo(() => filterEvents(events, text), [events, text]);
  // Numbers are without gaps, from 1.
  const chosen = event === undefined ? undefined : events[event - 1];
  const close = (): void => {
    onChange({ event: undefined });
    document.querySelector<HTMLElement>("[role=listbox]")?.focus();
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
        <EventList
          key={text}
          events={shown}
          chosen={event}
          isFollowed={state.phase === "LIVE" || state.phase === "QUIET"}
          onOpen={(seq) => onChange({ event: seq })}
          onClose={close}
        />
      </div>
      {chosen === undefined ? null : <EventPart key={chosen.seq} event={chosen} onClose={close} />}
    </>
  );
}

function Search({ text, onSearch }: { text: string; onSearch(text: string): void }): ReactNode {
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
          key={text}
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

interface EventListProps {
  events: readonly LogEvent[];
  /** Number of the event whose payload is shown. */
  chosen: number | undefined;
  isFollowed: boolean;
  onOpen(seq: number): void;
  onClose(): void;
}

function EventList({ events, chosen, isFollowed, onOpen, onClose }: EventListProps): ReactNode {
  const count = events.length;
  const followsEnd = isFollowed && chosen === undefined;
  const { box, shown, rowHeight, reveal } = useRows({ count, heights: HEIGHTS, followsEnd });
  const [active, setActive] = useState(chosen);
  const at = Math.max(
    0,
    events.findIndex(({ seq }) => seq === active),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is what the address named first; then the reader moves
  useEffect(() => reveal(at), [reveal]);
  const goTo = (to: number): void => {
    const next = Math.max(0, Math.min(count - 1, to));
    setActive(events[next]?.seq);
    reveal(next);
  };
  const obey = (key: ListKey): void => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 1);
    const event = events[at];
    if (key === "close") onClose();
    else if (key === "open") event !== undefined && onOpen(event.seq);
    else if (key !== "fold" && key !== "unfold")
      goTo({ down: at + 1, up: at - 1, pageDown: at + page, pageUp: at - page, first: 0, last: count }[key]);
  };
  const hear = (pressed: KeyboardEvent): void => {
    const key = toListKey(pressed);
    if (key === undefined) return;
    pressed.preventDefault();
    obey(key);
  };
  if (count === 0) return null;
  return (
    <div
      ref={box}
      className={styles.scroller}
      role="listbox"
      aria-label="Events"
      tabIndex={0}
      aria-activedescendant={`event-${at}`}
      onKeyDown={hear}
    >
      <div role="presentation" className={styles.length} style={{ height: count * rowHeight }}>
        {events.slice(shown.from, shown.to).map((event, offset) => (
          <EventRow
            key={event.seq}
            {...{ event, count, rowHeight }}
            at={shown.from + offset}
            isActive={shown.from + offset === at}
            isChosen={event.seq === chosen}
            onPress={() => {
              setActive(event.seq);
              onOpen(event.seq);
            }}
          />
        ))}
      </div>
    </div>
  );
}

interface EventRowProps {
  event: LogEvent;
  at: number;
  count: number;
  rowHeight: number;
  isActive: boolean;
  isChosen: boolean;
  onPress(): void;
}

function EventRow({ event, at, count, rowHeight, isActive, isChosen, onPress }: EventRowProps): ReactNode {
  const { seq, type, stepNumber, nodeId, hash } = event;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the list does it
    // biome-ignore lint/a11y/useFocusableInteractive: the list keeps the focus
    <div
      id={`event-${at}`}
      role="option"
      className={styles.row}
      style={{ top: at * rowHeight, height: rowHeight }}
      aria-setsize={count}
      aria-posinset={at + 1}
      aria-selected={isChosen}
      data-active={isActive}
      data-seq={seq}
      onClick={onPress}
    >
      <span className={styles.seq}>{toCount(seq)}</span>
      <span className={styles.at}>{toClock(event.at)}</span>
      <span className={styles.type}>{showHidden(type)}</span>
      <span className={styles.about}>
        {stepNumber === null ? "" : `step ${stepNumber} ${showHidden(nodeId ?? "")}`}
      </span>
      <code className={styles.hash}>{hash.slice(0, 10)}</code>
    </div>
  );
}
