import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { runPath } from "../../place.ts";
import styles from "./welcome.module.css";

const KEY = "soma.tour";
const CLOSED = "closed";

/** Three steps through what is on this screen; closed once, it stays closed in this browser. */
export function Tour({ recovered }: { recovered: string | undefined }): ReactNode {
  const [closed, setClosed] = useState(isClosed);
  return (
    <section className={closed ? undefined : styles.tour} aria-label="Tour">
      {closed ? null : <Steps recovered={recovered} />}
      <button type="button" aria-expanded={!closed} onClick={() => setClosed(keep(!closed))}>
        {closed ? "Show the tour" : "Close the tour"}
      </button>
    </section>
  );
}

function Steps({ recovered }: { recovered: string | undefined }): ReactNode {
  const words = "Open the run that survived a kill";
  return (
    <>
      <h2>Three minutes</h2>
      <ol>
        <li>
          {recovered === undefined ? words : <Link href={runPath(recovered)}>{words}</Link>}: its timeline shows the
          gap, and who went on.
        </li>
        <li>
          Press <strong>Kill the worker now</strong>, and read the numbers beside it: what was lost, what was done
          twice, and how soon it went on.
        </li>
        <li>
          Run <strong>A refund that waits for you</strong>, and approve it. Without you, nothing is paid.
        </li>
      </ol>
    </>
  );
}

function isClosed(): boolean {
  try {
    return localStorage.getItem(KEY) === CLOSED;
  } catch {
    return false;
  }
}

/** Without storage the choice holds until the page is left. */
function keep(closed: boolean): boolean {
  try {
    if (closed) localStorage.setItem(KEY, CLOSED);
    else localStorage.removeItem(KEY);
  } catch {}
  return closed;
}
