import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "@soma/shared/testing/until";

const up = fileURLToPath(new URL("../../../infra/local/up.ts", import.meta.url));

export interface Up {
  child: ChildProcess;
  said(): string;
  /** The code it ended with, or the signal. */
  ended: Promise<number | string>;
}

/** What `npm start` runs, with these options, in a process group of its own, without what is there to be tried. */
export function runUp(...args: string[]): Up {
  const unset = { OPENAI_API_KEY: "", SOMA_GATEWAY_PORT: "", SOMA_DATA_DIR: "" };
  const env = { ...process.env, ...unset, SOMA_FIRST_MINUTES: "off" };
  return listenTo(spawn(process.execPath, [up, ...args], { env, stdio: ["ignore", "pipe", "pipe"], detached: true }));
}

/** A process, with all it says. */
export function listenTo(child: ChildProcess): Up {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return { child, said: () => said, ended };
}

/** Waits until it has said everything. */
export async function ready({ said, ended }: Up): Promise<void> {
  const gone = ended.then((code) => {
    throw new Error(`it ended with ${code}: ${said()}`);
  });
  await Promise.race([gone, until("everything is said", () => said().includes("one user, loopback"), 60_000)]);
}

export async function stop({ child, ended }: Up): Promise<number | string> {
  child.kill("SIGTERM");
  return ended;
}
