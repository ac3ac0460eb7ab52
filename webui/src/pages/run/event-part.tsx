import type { ReactNode } from "react";
import { Link } from "wouter";
import type { LogEvent } from "../../run-log/view.ts";
import { LongText } from "../../run-parts/long-text.tsx";
import { toReadable } from "../../run-parts/readable-json.ts";
import { toCount } from "../../ui/words.ts";
import styles from "./inspector.module.css";
import { statePath } from "./run-address.ts";
import { SidePart } from "./side-part.tsx";

interface EventPartProps {
  /** Whose page shows it. */
  runId: string;
  event: LogEvent;
  onClose(): void;
}

/** One event as it is kept, hashes and all. */
export function EventPart({ runId, event, onClose }: EventPartProps): ReactNode {
  return (
    <SidePart title={`Event ${toCount(event.seq)}`} onClose={onClose}>
      <p className={styles.note}>
        Its hash covers its fields, the digest of its payload and the hash of the event before it; this page has
        computed it again.
      </p>
      <p>
        <Link href={statePath(runId, event.seq)}>State at this event</Link>
      </p>
      <LongText label="The event" text={toReadable(event)} />
    </SidePart>
  );
}
