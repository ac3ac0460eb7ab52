import type { RunSummaryFragment } from "@soma/graphql/operations";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useLiveWords } from "../../run-parts/use-live-words.ts";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import { usePageKeys } from "../../ui/page-keys.ts";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import styles from "./transcript.module.css";
import { Turn } from "./turn.tsx";
import type { Versions } from "./versions.ts";

/** Closer to the end than this counts as being there. */
const NEAR_PX = 48;

/**
 * The turns of a conversation. It follows its end only while the reader is there: a reading position never moves. New
 * text is not announced from here, as it comes word by word; announcer.tsx does that.
 */
export function Transcript({
  turns,
  versions,
  selected,
  cut,
}: {
  turns: readonly RunSummaryFragment[];
  /** Of each run those that stand in its place, by its id. */
  versions: Versions;
  selected: RunSummaryFragment;
  cut: boolean;
}): ReactNode {
  const { scroller, content, away, isRead, toEnd } = useFollowEnd(turns.at(-1)?.id, selected.id);
  const { stale } = useLiveWords(selected.id);
  usePageKeys([{ keys: ".", what: "Show what is new, at the end", does: toEnd }]);
  return (
    <div className={styles.frame} data-stale={stale}>
      <ScrollPart className={styles.scroller} ref={scroller} role="log" label="Conversation" aria-live="off">
        <div className={styles.turns} ref={content}>
          {cut ? (
            <p className={styles.cut}>The newest {turns.length} turns are shown; this conversation has older ones.</p>
          ) : null}
          {turns.map((run, index) => (
            <Turn
              key={run.id}
              run={run}
              versions={versions.get(run.id)}
              selected={run.id === selected.id}
              newest={index === turns.length - 1}
              isRead={isRead}
            />
          ))}
        </div>
      </ScrollPart>
      {away ? (
        <LeavingButton className={styles.toEnd} next={scroller} onClick={toEnd}>
          ↓ New below
        </LeavingButton>
      ) : null}
    </div>
  );
}

/**
 * Keeps the end in view while the reader is at it, and brings an earlier run that the address names into view. `away`
 * says that something came while the reader was elsewhere, and `isRead` whether they are.
 */
function useFollowEnd(newestId: string | undefined, selectedId: string) {
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const isRead = useCallback((): boolean => !atEnd.current, []);

  const toEnd = (): void => {
    atEnd.current = true;
    setAway(false);
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: a message just sent is what the reader wants to see
  useEffect(toEnd, [newestId]);
  useEffect(() => {
    if (selectedId === newestId) return;
    atEnd.current = false;
    content.current?.querySelector("[data-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [selectedId, newestId]);
  useEffect(() => {
    const [box, inner] = [scroller.current, content.current];
    if (box === null || inner === null) return;
    const onScroll = (): void => {
      atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
      if (atEnd.current) setAway(false);
    };
    let height = inner.offsetHeight;
    const observer = new ResizeObserver(() => {
      const grew = inner.offsetHeight > height;
      height = inner.offsetHeight;
      if (atEnd.current) box.scrollTop = box.scrollHeight;
      // A message that is being edited grows by its reader's own hand.
      else if (grew && inner.querySelector("[data-editing=true]") === null) setAway(true);
    });
    observer.observe(inner);
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener("scroll", onScroll);
    };
  }, []);
  return { scroller, content, away, isRead, toEnd };
}
