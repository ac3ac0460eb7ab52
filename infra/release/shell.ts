import { spawn } from "node:child_process";
import { once } from "node:events";

interface RunOptions {
  /** What the program reads. */
  input?: string;
  /** It changes nothing but what is made here, so a dry run does it too. */
  isHarmless?: boolean;
}

/** What a step asks programs for: `look` changes nothing and is always done, `run` is not done in a dry run. */
export interface Shell {
  look(program: string, args: readonly string[]): Promise<{ code: number; stdout: string }>;
  run(program: string, args: readonly string[], options?: RunOptions): Promise<void>;
  say(line: string): void;
  isDry: boolean;
}

/** As a shell says that there is no such program. */
const NOT_STARTED = 127;

/** Who ends a release ends its program, and a canary that is ended has the traffic to bring back: it is waited for. */
const FORWARDED = ["SIGINT", "SIGTERM"] as const;

const quoted = (text: string): string => (/^[\w./:=@,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
const lineOf = (program: string, args: readonly string[]): string => [program, ...args].map(quoted).join(" ");

/** Runs programs, each told before it runs; with what it prints. */
export function createShell(env: NodeJS.ProcessEnv, say: (line: string) => void): Shell {
  const isDry = env.DRY_RUN === "1" || env.DRY_RUN === "true";
  return {
    isDry,
    say,
    async look(program, args) {
      const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
      let stdout = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      const [code] = (await once(child, "close").catch(() => [NOT_STARTED])) as [number | null];
      return { code: code ?? 1, stdout };
    },
    async run(program, args, { input, isHarmless = false } = {}) {
      const isLeftOut = isDry && !isHarmless;
      say(`${isLeftOut ? "would run" : "run"}: ${lineOf(program, args)}`);
      if (isLeftOut) return;
      const child = spawn(program, args, {
        env,
        stdio: [input === undefined ? "ignore" : "pipe", "inherit", "inherit"],
      });
      // One that could not be started, or ends without reading, is told of below.
      child.stdin?.on("error", () => {});
      child.stdin?.end(input);
      const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
      for (const signal of FORWARDED) process.on(signal, forward);
      const closed = once(child, "close").finally(() => {
        for (const signal of FORWARDED) process.off(signal, forward);
      });
      const [code] = (await closed.catch((error: Error) => {
        throw new Error(`${program} could not be started: ${error.message}`);
      })) as [number | null];
      if (code !== 0) throw new Error(`${lineOf(program, args)} ended with ${code ?? "a signal"}`);
    },
  };
}
