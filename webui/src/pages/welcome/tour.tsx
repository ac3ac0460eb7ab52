import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { readyPath, runPath } from "../../place.ts";
import { SCRIPTED } from "./samples.ts";
import styles from "./welcome.module.css";

const KEY = "soma.tour";
const CLOSED = "closed";

interface TourProps {
  /** Runs of the first start, as far as they are there. */
  recovered: string | undefined;
  denied: string | undefined;
}

/** Three steps through what is here; closed once, it stays closed in this browser. */
export function Tour(props: TourProps): ReactNode {
  const [closed, setClosed] = useState(isClosed);
  return (
    <section className={closed ? undefined : styles.tour} aria-label="Tour">
      {closed ? null : <Steps {...props} />}
      <button type="button" aria-expanded={!closed} onClick={() => setClosed(keep(!closed))}>
        {closed ? "Show the tour" : "Close the tour"}
      </button>
    </section>
  );
}

/** Of a role that may not run code. */
const FORBIDDEN = { text: "Run code: console.log(1)", role: "restricted", model: SCRIPTED };

function Steps({ recovered, denied }: TourProps): ReactNode {
  return (
    <>
      <h2>Three minutes</h2>
      <ol>
        <li>
          <ToRun id={recovered}>Open the run that survived a kill</ToRun>: its timeline shows the gap, and who went on.
        </li>
        <li>
          <Link href={readyPath(FORBIDDEN)}>Ask for what is not allowed</Link>: Enter sends it. Open the step that was
          denied; its <strong>Decision</strong> says why.
        </li>
        <li>
          <ToRun id={denied}>Fork the run that was denied</ToRun>: press <strong>Fork…</strong>, ask “What is 6*7?”, and
          read another answer. The first run stays.
        </li>
      </ol>
    </>
  );
}

function ToRun({ id, children }: { id: string | undefined; children: string }): ReactNode {
  return id === undefined ? children : <Link href={runPath(id)}>{children}</Link>;
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
