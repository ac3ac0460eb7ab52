import type { ListedRunFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { showHidden } from "@soma/schemas/hidden-characters";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { runPath } from "../../place.ts";
import { titleOf } from "../../run-log/question-of.ts";
import { useOutcome } from "../../run-log/use-run-log.ts";
import { Elapsed } from "../../ui/elapsed.tsx";
import { StatusWord } from "../../ui/status.tsx";
import { toClock, toCount, toDay, toLatency } from "../../ui/words.ts";
import { Cost, Outcome, SessionLink } from "./run-cells.tsx";
import styles from "./run-table.module.css";

interface RunTableProps {
  runs: readonly ListedRunFragment[];
  chosen: ReadonlySet<string>;
  onChoose(runIds: readonly string[], isChosen: boolean): void;
}

const COLUMNS = 10;

/** Runs, newest first, under the days on which they were created. */
export function RunTable({ runs, chosen, onChoose }: RunTableProps): ReactNode {
  const now = Date.now();
  const days = Map.groupBy(runs, (run) => toDay(run.createdAt, now));
  return (
    <table className={styles.table}>
      <caption className="visually-hidden">Runs, newest first</caption>
      <thead>
        <tr>
          <th scope="col" className={styles.choose}>
            <Check
              label="Choose all on this page"
              checked={runs.length > 0 && runs.every(({ id }) => chosen.has(id))}
              onCheck={(isChosen) =>
                onChoose(
                  runs.map(({ id }) => id),
                  isChosen,
                )
              }
            />
          </th>
          <th scope="col" className={styles.wide}>
            Status
          </th>
          <th scope="col" className={styles.wide}>
            Outcome
          </th>
          <th scope="col">Run</th>
          <th scope="col" className={styles.wide}>
            Agent
          </th>
          <th scope="col" className={styles.wide}>
            Session
          </th>
          <th scope="col" className={`${styles.number} ${styles.wide}`}>
            Cost
          </th>
          <th scope="col" className={styles.number}>
            Asked
          </th>
          <th scope="col" className={`${styles.number} ${styles.wide}`}>
            Took
          </th>
          <th scope="col" className={`${styles.number} ${styles.wide}`}>
            Recoveries
          </th>
        </tr>
      </thead>
      {[...days].map(([day, those]) => (
        <tbody key={day}>
          <tr>
            <th scope="rowgroup" colSpan={COLUMNS} className={styles.day}>
              {day}
            </th>
          </tr>
          {those.map((run) => (
            <Row key={run.id} run={run} isChosen={chosen.has(run.id)} onChoose={onChoose} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

interface RowProps extends Pick<RunTableProps, "onChoose"> {
  run: ListedRunFragment;
  isChosen: boolean;
}

const Row = memo(function Row({ run, isChosen, onChoose }: RowProps): ReactNode {
  const outcome = useOutcome(run);
  const title = titleOf(run);
  return (
    <tr data-run={run.id} data-chosen={isChosen}>
      <td className={styles.choose}>
        <Check label={`Choose ${title}`} checked={isChosen} onCheck={(is) => onChoose([run.id], is)} />
      </td>
      <td className={styles.wide}>
        <StatusWord status={outcome.status} quiet />
      </td>
      <td className={styles.wide}>
        <Outcome {...outcome} input={run.input} />
      </td>
      <td className={styles.what}>
        <Link href={runPath(run.id)}>{title}</Link>
        {run.error === null ? null : (
          <p className={styles.error}>
            {showHidden(run.error.code)}: {showHidden(run.error.message)}
          </p>
        )}
        <p className={styles.narrow}>
          <StatusWord {...outcome} quiet />
          <span>
            {showHidden(run.graph)} · <Took run={run} />
            {run.recoveries === 0 ? null : ` · recovered ${toCount(run.recoveries)}×`}
          </span>
        </p>
      </td>
      <td className={styles.wide}>{showHidden(run.graph)}</td>
      <td className={styles.wide}>
        <SessionLink session={run.session} />
      </td>
      <td className={`${styles.number} ${styles.wide}`}>
        <Cost usage={run.usage} />
      </td>
      <td className={styles.number}>
        <time dateTime={run.createdAt}>{toClock(run.createdAt)}</time>
      </td>
      <td className={`${styles.number} ${styles.wide}`}>
        <Took run={run} />
      </td>
      <td className={`${styles.number} ${styles.wide}`}>{run.recoveries === 0 ? "" : toCount(run.recoveries)}</td>
    </tr>
  );
});

/** How long it took, or takes by now; nothing before it has begun. */
function Took({ run: { status, startedAt, finishedAt } }: { run: ListedRunFragment }): ReactNode {
  if (startedAt === null) return "not begun";
  if (!isFinished(status)) return <Elapsed since={startedAt} />;
  return finishedAt === null ? "" : toLatency(Date.parse(finishedAt) - Date.parse(startedAt));
}

interface CheckProps {
  label: string;
  checked: boolean;
  onCheck(isChecked: boolean): void;
}

function Check({ label, checked, onCheck }: CheckProps): ReactNode {
  return (
    <input type="checkbox" aria-label={label} checked={checked} onChange={(event) => onCheck(event.target.checked)} />
  );
}
