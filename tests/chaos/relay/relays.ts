import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("relay-process.ts", import.meta.url));

export interface RelayPlace {
  /** Connection string of the worker role. */
  databaseUrl: string;
  schema: string;
  brokers: readonly string[];
  /** The program of another relay, to compare it with ours. */
  program?: string;
}

/** A relay in a process of its own. */
export interface RelayProcess {
  /** Whether a line that it wrote has this text in it. */
  hasSaid(text: string): boolean;
  /** As `kill -9` does; resolves when it is gone. */
  kill(): Promise<void>;
  /** In order, as an operator stops it. */
  stop(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export function spawnRelay({ databaseUrl, schema, brokers, program = PROGRAM }: RelayPlace): RelayProcess {
  const child = spawn(process.execPath, [program, schema], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, SOMA_CHAOS_DATABASE_URL: databaseUrl, SOMA_KAFKA_BROKERS: brokers.join() },
  });
  const said: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => void said.push(text));
  return {
    hasSaid: (text) => said.join("").includes(text),
    kill: () => end(child, "SIGKILL"),
    stop: () => end(child, "SIGTERM"),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}
