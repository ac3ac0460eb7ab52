import { hintsFor } from "../hints.ts";
import { print, printJson, printTable, safe } from "../print.ts";
import type { Finding, Invariant, Row, Verdict } from "./judge.ts";
import type { Home } from "./product.ts";

export interface Report extends Verdict {
  seed: number;
  deaths: { kills: number; byTools: number; longestAwayMs: number };
  tookMs: number;
  /** Where everything still is. */
  home: Home | undefined;
}

/** What must hold, and the command that shows a run in which it does not. */
const INVARIANTS: readonly [Invariant, holds: string, command: string][] = [
  ["LOST", "each run that was acknowledged is there, and has ended as it should", "runs show"],
  ["REPEATED", "no effect was had twice", "runs watch"],
  ["BROKEN", "each history is whole: chained, in order, each step and the run ended once", "runs export"],
];
const MOST_TOLD = 10;

/** Prints what was found; true when everything is as it should be. */
export function report(found: Report, json: boolean): boolean {
  if (json) printJson({ ...found, home: found.home?.folder ?? null });
  else tell(found);
  return found.findings.length === 0;
}

function tell({ rows, findings, seed, deaths, tookMs, home }: Report): void {
  printRows(rows);
  const died = `${times(deaths.kills)} by SIGKILL and ${times(deaths.byTools)} by a tool`;
  print(
    `\nseed ${seed} · the product died ${died} · away ${seconds(deaths.longestAwayMs)} at most · ${seconds(tookMs)}\n`,
  );
  const soma = home === undefined ? "soma" : hintsFor({ data: home.dataDir }, home.folder).soma;
  for (const [invariant, holds, command] of INVARIANTS) {
    const against = findings.filter((finding) => finding.invariant === invariant);
    const look = home === undefined ? "" : `   (${soma} ${command} RUN)`;
    print(`${against.length === 0 ? "holds" : "FAILS"}  ${holds}${look}`);
    for (const finding of against.slice(0, MOST_TOLD)) print(`        ${toLine(finding)}`);
    if (against.length > MOST_TOLD) print(`        and ${against.length - MOST_TOLD} more; --json prints all`);
  }
  print(`\n${whereToLook(home, seed)}`);
}

/** A line for each class. */
export function printRows(rows: readonly Row[]): void {
  printTable(
    ["CLASS", "RUNS", "LOST", "REPEATED", "UNKNOWN", "RECONCILED", "RECOVERED", "CALLS"],
    rows.map(({ effect, ...counts }) => [
      effect,
      ...[
        counts.runs,
        counts.lost,
        counts.repeated,
        counts.unknown,
        counts.reconciled,
        counts.recovered,
        counts.calls,
      ].map(String),
    ]),
  );
}

function toLine({ runId, words }: Finding): string {
  return safe(`${words} (${runId === null ? "no run of it was acknowledged" : `run ${runId}`})`);
}

function whereToLook(home: Home | undefined, seed: number): string {
  if (home === undefined)
    return `nothing is left of it; --seed ${seed} --keep does it again and leaves the runs to look at`;
  const start = hintsFor({ data: home.dataDir }, home.folder).start;
  return `everything is kept in ${home.folder}; to look at runs, start it with \`${start} --project ${home.projectDir}\``;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** How often is told how far it is. */
const TELL_MS = 5_000;

/** Tells on stderr what is going on, so that nobody takes a long one for one that hangs. */
export function startTelling({ runs, seed, killEvery }: { runs: number; seed: number; killEvery: number }) {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const began = performance.now();
  let last = { started: 0, ended: 0 };
  say(`${runs} runs, seed ${seed}; the product lives ${seconds(killEvery)} on average before it is killed`);
  const timer = setInterval(() => {
    const tookMs = performance.now() - began;
    const left = last.ended === 0 ? "" : `, about ${seconds((tookMs / last.ended) * (runs - last.ended))} to go`;
    say(`${last.started} acknowledged, ${last.ended} over${left}`);
  }, TELL_MS);
  return {
    progress(next: { started: number; ended: number }): void {
      last = next;
    },
    interrupted(): void {
      clearInterval(timer);
      say(`\ninterrupted with ${last.ended} of ${runs} runs over; what was started is ended now`);
    },
    kept: (folder: string) => say(`it is kept in ${folder}`),
    end: () => clearInterval(timer),
  };
}
