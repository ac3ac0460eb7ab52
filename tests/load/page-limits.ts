interface Spread {
  p50: number;
  p95: number;
}

interface Screen {
  firstLinesMs: Spread;
  elements: number;
}

interface Whole {
  elements: number;
  heapMb: number;
}

/** What is measured of a page, as far as it has a limit. */
export interface PageCosts {
  scriptBytes: number;
  firstPaintMs: Spread;
  list: Screen;
  run: Screen;
  whole: { timeline: Whole; events: Whole };
  commitToScreenMs: { short: Spread; long: Spread };
  recoveryMs: number;
}

/** What a page that is left open keeps of each run. */
export interface Kept {
  heapKb: number;
  elements: number;
  listeners: number;
}

/** What is wanted on a quiet machine; docs/developer/page-costs.md tells what was measured beside it. */
export function faultsOfPage({ list, run, whole, commitToScreenMs, ...costs }: PageCosts): string[] {
  return above([
    ["bytes of the first scripts, gzip", costs.scriptBytes, 150_000],
    ["ms until the first paint, half of them", costs.firstPaintMs.p50, 400],
    ["ms until the first rows of the list, half of them", list.firstLinesMs.p50, 300],
    ["ms until the first lines of the run, half of them", run.firstLinesMs.p50, 1_000],
    ["ms from commit to screen of a short run, 95 of 100", commitToScreenMs.short.p95, 150],
    ["ms from commit to screen of a long run, 95 of 100", commitToScreenMs.long.p95, 150],
    ["ms until the page is live, from when the server is ready again", costs.recoveryMs, 2_000],
    ["elements of the list", list.elements, 1_500],
    ["elements of the run", Math.max(run.elements, whole.timeline.elements, whole.events.elements), 1_500],
    ["MB of heap with the whole run", Math.max(whole.timeline.heapMb, whole.events.heapMb), 80],
  ]);
}

/**
 * Elements and listeners come and go with what is shown: a page that grows with each run keeps more than this. Of a run that
 * was followed its events are kept, which are dropped when they are too many; of one that passes nothing is. What is there
 * once, however many runs there are, may take a megabyte.
 */
export function faultsOfSoak(
  { runs, ...kept }: { runs: number; pass: Kept; follow: Kept },
  mostSockets: number,
): string[] {
  const once = 1_000 / runs;
  const of = (name: "pass" | "follow", heapKb: number): Limit[] => [
    [`elements kept of each run (${name})`, kept[name].elements, 0.5],
    [`listeners kept of each run (${name})`, kept[name].listeners, 0.5],
    [`KB of heap kept of each run (${name})`, kept[name].heapKb, heapKb],
  ];
  return above([...of("pass", once), ...of("follow", once + 60), ["sockets at once", mostSockets, 1]]);
}

type Limit = [what: string, is: number, most: number];

/** What is not a number was not measured, and is told too. */
function above(limits: readonly Limit[]): string[] {
  return limits.filter(([, is, most]) => !(is <= most)).map(([what, is, most]) => `${what}: ${is}, above ${most}`);
}
