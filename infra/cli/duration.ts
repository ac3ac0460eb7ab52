const SECOND_MS = 1_000;
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** How long something took, in the two units that matter: "34 ms", "1.2 s", "4 m 10 s", "2 h 5 m", "3 d 1 h". */
export function describeMs(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < MINUTE_S) return `${seconds} s`;
  if (seconds < HOUR_S) return inTwo([seconds / MINUTE_S, "m"], [seconds % MINUTE_S, "s"]);
  if (seconds < DAY_S) return inTwo([seconds / HOUR_S, "h"], [(seconds % HOUR_S) / MINUTE_S, "m"]);
  return inTwo([seconds / DAY_S, "d"], [(seconds % DAY_S) / HOUR_S, "h"]);
}

function inTwo(...parts: readonly (readonly [number, string])[]): string {
  const whole = parts.map(([count, unit]) => [Math.floor(count), unit] as const);
  return whole
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
