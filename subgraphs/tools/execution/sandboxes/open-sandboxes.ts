import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Log } from "@soma/shared/log";
import type { Floor, SandboxLevel } from "../../domain/sandbox-level.ts";
import { createBubblewrapSandbox } from "./bubblewrap/bubblewrap-sandbox.ts";
import { PROCESSORS } from "./bubblewrap/system-calls.ts";
import { readHost, whyNoBubblewrap, whyNoGvisor } from "./how-to-mend.ts";
import { findCgroups, type MakeGroup } from "./process/cgroups.ts";
import { createProcessSandbox } from "./process/process-sandbox.ts";
import type { Sandbox } from "./sandbox.ts";
import { trySandbox } from "./try-sandbox.ts";

/** A level that this machine gives, or why it does not and what to do about that. */
export type Offer = { sandbox: Sandbox } | { missing: string };

export interface Sandboxes {
  readonly offers: Readonly<Record<SandboxLevel, Offer>>;
  /** The least level of tools of medium and high risk that run in a child. */
  readonly floor: SandboxLevel;
  /** Why a sandbox as a whole has no limit of memory and of processes; undefined where it has. */
  readonly unlimited: string | undefined;
}

/** Tries each level once, with a program that does nothing, and tells the log what this machine gives. */
export async function openSandboxes(floor: Floor, log: Log): Promise<Sandboxes> {
  const groups = findCgroups();
  const makeGroup = typeof groups === "function" ? groups : undefined;
  const offers = {
    process: { sandbox: createProcessSandbox(makeGroup) },
    bubblewrap: await offerBubblewrap(makeGroup),
    gvisor: { missing: whyNoGvisor() } satisfies Offer,
  };
  const best = "sandbox" in offers.bubblewrap ? "bubblewrap" : "process";
  const sandboxes = {
    offers,
    floor: floor === "best" ? best : floor,
    unlimited: typeof groups === "function" ? undefined : groups.missing,
  };
  tell(sandboxes, log);
  return sandboxes;
}

function tell({ offers, floor, unlimited }: Sandboxes, log: Log): void {
  const levels = Object.fromEntries(Object.entries(offers).map(([level, offer]) => [level, whyNot(offer) ?? "given"]));
  const said = { floor, ...levels, ...(unlimited === undefined ? {} : { unlimited }) };
  const missing = whyNot(offers[floor]);
  if (missing !== undefined)
    log.error(said, "tools of medium and high risk are refused: this machine does not give their sandbox");
  else if (floor === "process")
    log.warn(said, "tools of medium and high risk run in a plain child process: this machine gives no more");
  else log.info(said, "sandboxes of tools");
}

export function whyNot(offer: Offer): string | undefined {
  return "missing" in offer ? offer.missing : undefined;
}

async function offerBubblewrap(makeGroup: MakeGroup | undefined): Promise<Offer> {
  const host = readHost();
  const program = findProgram("bwrap");
  const processor = PROCESSORS[host.processor];
  if (host.platform !== "linux" || program === undefined || processor === undefined)
    return { missing: whyNoBubblewrap(host, program === undefined ? "NO_PROGRAM" : "NO_FILTER") };
  const sandbox = createBubblewrapSandbox({ program, processor, makeGroup });
  const fault = await trySandbox(sandbox);
  return fault === undefined ? { sandbox } : { missing: whyNoBubblewrap(host, fault) };
}

function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
