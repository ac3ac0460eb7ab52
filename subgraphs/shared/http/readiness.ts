import { SomaError, toSomaError } from "../errors.ts";
import type { Log } from "../log.ts";

/** Throws while what it looks at cannot serve; a SomaError says why in words that a stranger may read. */
export type Check = () => Promise<void>;

/** Why something cannot serve. */
interface Fault {
  /** In words that a stranger may read: no hosts, no names of users. */
  reason: string;
  /** In full, for an operator. */
  detail: string;
}

/** What cannot serve, by the name of its check; empty when everything can. */
export type Faults = Readonly<Record<string, Fault>>;

export type FindFaults = () => Promise<Faults>;

/** Shorter than whoever asks waits. */
const LIMIT_MS = 1_500;
/**
 * The limit is counted in turns of this length: a process that stood still, because it was frozen or has no core, has read no
 * answer meanwhile, whoever gave one.
 */
const TURN_MS = 100;
/** How long an answer serves everybody who asks, so that asking often costs nothing. */
const FRESH_MS = 100;

/** Looks at every check, each bounded in time and one at a time; changes are logged once, with their details. */
export function createReadiness(checks: Readonly<Record<string, Check>>, log: Log): FindFaults {
  const looks = Object.entries(checks).map(([name, check]) => [name, createLook(name, check)] as const);
  let known = "";

  function tell(faults: Faults): void {
    const told = JSON.stringify(Object.entries(faults).map(([name, { reason }]) => [name, reason]));
    if (told === known) return;
    const wasReady = known === "" || known === "[]";
    known = told;
    if (told !== "[]") log.warn({ faults }, "this part is not ready");
    else if (!wasReady) log.info("this part is ready again");
  }

  return async () => {
    const found = await Promise.all(looks.map(async ([name, look]) => [name, await look()] as const));
    const faults = Object.fromEntries(found.filter((entry): entry is [string, Fault] => entry[1] !== undefined));
    tell(faults);
    return faults;
  };
}

/** 200 when there is no fault, else 503 with the reasons and nothing else: anybody may ask. */
export function answerReadiness(faults: Faults): Response {
  const reasons = Object.fromEntries(Object.entries(faults).map(([name, { reason }]) => [name, reason]));
  const ready = Object.keys(reasons).length === 0;
  return Response.json(ready ? { ready } : { ready, reasons }, {
    status: ready ? 200 : 503,
    headers: { "cache-control": "no-store" },
  });
}

/** A check that was not answered in time goes on, and no second one is begun beside it. */
function createLook(name: string, check: Check): () => Promise<Fault | undefined> {
  let last: { fault: Fault | undefined; at: number } | undefined;
  let running: Promise<Fault | undefined> | undefined;
  return async () => {
    if (last !== undefined && performance.now() - last.at < FRESH_MS) return last.fault;
    running ??= faultOf(check).then((fault) => {
      last = { fault, at: performance.now() };
      running = undefined;
      return fault;
    });
    return withinLimit(running, `${name} did not answer within ${LIMIT_MS} ms`);
  };
}

async function faultOf(check: Check): Promise<Fault | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    const { publicMessage, message, cause } = toSomaError(error);
    const more = cause instanceof Error && !message.includes(cause.message) ? `: ${cause.message}` : "";
    return { reason: publicMessage, detail: `${message}${more}` };
  }
}

async function withinLimit(work: Promise<Fault | undefined>, reason: string): Promise<Fault | undefined> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const limit = new Promise<Fault>((resolve) => {
    let left = LIMIT_MS / TURN_MS;
    timer = setInterval(() => {
      left -= 1;
      if (left === 0) resolve({ reason, detail: reason });
    }, TURN_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearInterval(timer);
  }
}

/** A check that passes on what another part lacks, in one line. */
export function checkOf(findFaults: FindFaults): Check {
  return async () => {
    const reasons = Object.entries(await findFaults()).map(([name, { reason }]) => `${name}: ${reason}`);
    if (reasons.length > 0) throw new SomaError("UNAVAILABLE", reasons.join("; "));
  };
}

/** A check that fails once something has begun to stop. */
export function untilStopping(name: string, stopping: () => boolean): Check {
  return async () => {
    if (stopping()) throw new SomaError("UNAVAILABLE", `${name} is stopping`);
  };
}
