import { RunStateDiffDocument, RunStateDocument } from "@soma/graphql/operations";
import { isCheckpoint } from "@soma/schemas/checkpoint";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { type CombinedError, Provider, useClient } from "urql";
import { Link } from "wouter";
import { withoutCache } from "../../graphql/api-client.ts";
import { toProblem } from "../../graphql/to-problem.ts";
import { useQuery } from "../../graphql/use-query.ts";
import type { LogEvent } from "../../run-log/view.ts";
import { LongText } from "../../run-parts/long-text.tsx";
import { toReadable } from "../../run-parts/readable-json.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import { Loading } from "../../ui/states.tsx";
import { toClock, toCount } from "../../ui/words.ts";
import type { Run } from "./answers.ts";
import { ChangeList } from "./change-list.tsx";
import { placeWords } from "./checkpoints.ts";
import type { GoOn } from "./go-on.ts";
import { type RunAddress, statePath, toRunAddress } from "./run-address.ts";
import styles from "./state-view.module.css";

interface StatePartProps {
  run: Run;
  seq: number;
  /** Undefined where the history has not come so far. */
  event: LogEvent | undefined;
  /** The checkpoints next to it. */
  around: { before?: number; after?: number };
  address: RunAddress;
  onChange(changes: Partial<RunAddress>): void;
  onGoOn(from: GoOn): void;
}

/** One state whole, or what differs from another one; and what may go on from it. */
export function StatePart(props: StatePartProps): ReactNode {
  const { run, seq, event, address } = props;
  const client = withoutCache(useClient());
  const title = event === undefined ? `State at event ${toCount(seq)}` : `State at ${placeWords(event)}`;
  return (
    <ScrollPart className={styles.part} label={showHidden(title)}>
      <div className={styles.head}>
        <h2>{showHidden(title)}</h2>
        <span className={styles.at}>
          event {toCount(seq)}
          {event === undefined ? "" : ` · ${toClock(event.at)}`}
        </span>
      </div>
      <Ways {...props} />
      <Compare {...props} />
      <Provider value={client}>
        {address.from === undefined ? (
          <Whole runId={run.id} seq={seq} />
        ) : (
          <Changes runId={run.id} from={address.from} to={seq} />
        )}
      </Provider>
    </ScrollPart>
  );
}

/** What may go on from here; else where from it may. */
function Ways({ run, seq, event, around, onGoOn }: StatePartProps): ReactNode {
  if (event === undefined) return null;
  if (event.runId !== run.id)
    return (
      <p className={styles.note}>
        Run <code>{event.runId.slice(-8)}</code> wrote this event, before this one was forked from it.{" "}
        <Link href={statePath(event.runId, seq)}>Go on from it there</Link>
      </p>
    );
  if (!isCheckpoint(event.type, event.nodeId))
    return (
      <p className={styles.note}>
        Here the run is within a step. It can go on from{" "}
        {[around.before, around.after]
          .filter((each) => each !== undefined)
          .map((each, index) => (
            <span key={each}>
              {index === 0 ? "" : " or "}
              <Link href={statePath(run.id, each)}>event {toCount(each)}</Link>
            </span>
          ))}
        .
      </p>
    );
  return (
    <p className={styles.ways}>
      <button type="button" onClick={() => onGoOn({ how: "fork", seq })}>
        Fork from here…
      </button>
      <button type="button" onClick={() => onGoOn({ how: "rollback", seq })}>
        Roll back to here…
      </button>
    </p>
  );
}

function Compare({ run, seq, around, address, onChange }: StatePartProps): ReactNode {
  const to = (from: number | undefined): string => toRunAddress(run.id, address, { seq, from });
  const { from } = address;
  const isOther = (other: number | undefined): other is number => other !== undefined && other !== from;
  return (
    <form
      className={styles.compare}
      onSubmit={(event) => {
        event.preventDefault();
        const asked = Number(new FormData(event.currentTarget).get("from"));
        if (asked >= 1) onChange({ seq, from: asked });
      }}
    >
      {from === undefined ? null : <Link href={to(undefined)}>Whole state</Link>}
      {isOther(around.before) ? <Link href={to(around.before)}>Changes since the one before</Link> : null}
      {isOther(1) && seq !== 1 && around.before !== 1 ? <Link href={to(1)}>Changes since the start</Link> : null}
      <label>
        Compare with event{" "}
        <input name="from" type="number" min={1} defaultValue={from} inputMode="numeric" autoComplete="off" />
      </label>
      <button type="submit">Compare</button>
    </form>
  );
}

function Whole({ runId, seq }: { runId: string; seq: number }): ReactNode {
  const [{ data, error }, ask] = useQuery(RunStateDocument, { id: runId, seq });
  const told = data?.run?.stateAt;
  if (error !== undefined) return <Problem error={error} onRetry={ask} />;
  if (told === undefined || told === null) return <Loading what="the state" />;
  return (
    <div className={styles.whole}>
      <LongText label="The state" text={toReadable(told.state)} />
    </div>
  );
}

function Changes({ runId, from, to }: { runId: string; from: number; to: number }): ReactNode {
  const [{ data, error }, ask] = useQuery(RunStateDiffDocument, { id: runId, fromSeq: from, toSeq: to });
  const changes = data?.run?.stateDiff;
  return (
    <>
      <h3>
        From event {toCount(from)} to event {toCount(to)}
      </h3>
      {error === undefined ? null : <Problem error={error} onRetry={ask} />}
      {changes === undefined || changes === null ? (
        error === undefined && <Loading what="what differs" />
      ) : (
        <ChangeList changes={changes} />
      )}
    </>
  );
}

function Problem({ error, onRetry }: { error: CombinedError; onRetry(): void }): ReactNode {
  return <ProblemNote what="The state could not be told." problem={toProblem(error)} onRetry={onRetry} />;
}
