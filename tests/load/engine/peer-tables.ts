import type { Measured } from "./contend.ts";
import { CONTENDERS, type ContenderName } from "./contenders.ts";

/** What each contender took, at each number of runs at once: medians over the rounds. */
export type Results = ReadonlyMap<ContenderName, readonly Measured[]>;

/** Those of ours; their steps are durable before the next begins, with effects also before they begin. */
const OURS: readonly ContenderName[] = ["ours", "pure"];

export function medians(all: Results, sizes: readonly number[]): Results {
  const ofSize = (measured: readonly Measured[], atOnce: number): Measured => {
    const same = measured.filter((each) => each.atOnce === atOnce);
    const median = (pick: (each: Measured) => number | null): number | null => {
      const values = same.map(pick).filter((value) => value !== null);
      return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
    };
    return {
      atOnce,
      stepsPerSecond: median((each) => each.stepsPerSecond) ?? 0,
      statements: median((each) => each.statements),
      walBytes: median((each) => each.walBytes),
      nodeUs: median((each) => each.nodeUs) ?? 0,
    };
  };
  return new Map([...all].map(([name, measured]) => [name, sizes.map((atOnce) => ofSize(measured, atOnce))]));
}

/** How many times as fast as the fastest peer; undefined where ours or any peer was not measured. */
export function ratioToBestPeer(results: Results, atOnce: number): number | undefined {
  const speed = (name: ContenderName): number =>
    results.get(name)?.find((each) => each.atOnce === atOnce)?.stepsPerSecond ?? 0;
  const best = Math.max(0, ...[...results.keys()].filter((name) => !OURS.includes(name)).map(speed));
  return best === 0 || speed("ours") === 0 ? undefined : speed("ours") / best;
}

/** The two tables as they stand in the docs. */
export function toTables(results: Results, sizes: readonly number[]): string {
  const label = (name: ContenderName): string => CONTENDERS[name].label;
  const speeds = [...results].map(([name, measured]) =>
    row([label(name), ...measured.map((each) => shown(each.stepsPerSecond))]),
  );
  const ratios = sizes.map((size) => ratioToBestPeer(results, size)?.toFixed(1) ?? "");
  const costs = [...results].flatMap(([name, measured]) =>
    measured.map(({ atOnce, statements, walBytes, nodeUs }) =>
      row([label(name), String(atOnce), statements?.toFixed(2) ?? "not SQL", shown(walBytes), shown(nodeUs)]),
    ),
  );
  return [
    row(["durable steps a second", ...sizes.map((size) => `${size} at once`)]),
    row(["---", ...sizes.map(() => "---")]),
    ...speeds,
    row(["**ours to the best peer**", ...ratios.map((ratio) => `**${ratio}**`)]),
    "",
    row(["a step of", "at once", "statements", "WAL, bytes", "Node CPU, us"]),
    row(["---", "---", "---", "---", "---"]),
    ...costs,
  ].join("\n");
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function shown(value: number | null): string {
  return value === null ? "" : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}
