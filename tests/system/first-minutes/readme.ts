import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../infra/local/free-port.ts";
import { listenTo, type Up } from "./run-up.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What the README lets its reader run: lines of its blocks without their comments, and commands in its text. */
export async function commandsOfReadme(): Promise<string[]> {
  const text = await readFile(join(root, "README.md"), "utf8");
  const block = /^```\n([\s\S]*?)^```$/gm;
  const lines = [...text.matchAll(block)].flatMap(([, commands = ""]) => commands.trim().split("\n"));
  const inText = [...text.replace(block, "").matchAll(/`((?:npm|npx|node|kill|cp|git) [^`]+)`/g)];
  return [
    ...new Set([...lines.map((line) => line.replace(/\s+#.*$/, "")), ...inText.map(([, command = ""]) => command)]),
  ];
}

/** Where a reader stands who has cloned it: the project, with no data of its own yet. */
export interface Reader {
  folder: string;
  /** Types a command of the README as it stands there, with what its capitals stand for. */
  type(command: string, meant?: Record<string, string>): Up;
  /** The same, to its end. */
  run(command: string, meant?: Record<string, string>): Promise<{ code: number | string; said: string }>;
  /** What was typed, each as it stands in the README. */
  typed(): string[];
  /** Ends what is left of it. */
  leave(): void;
}

/** Its folder leads to what is installed here; only the data of another installation would stand there too. */
export async function createReader(): Promise<Reader> {
  const known = await commandsOfReadme();
  const folder = await mkdtemp(join(tmpdir(), "soma-readme-"));
  for (const name of await readdir(root)) if (name !== ".soma") await symlink(join(root, name), join(folder, name));
  const env = await environment(folder);
  const typed = new Set<string>();
  const children: ChildProcess[] = [];

  function type(command: string, meant: Record<string, string> = {}): Up {
    if (!known.includes(command)) throw new Error(`the README does not say: ${command}`);
    typed.add(command);
    const text = Object.entries(meant).reduce((said, [word, value]) => said.replaceAll(word, value), command);
    const child = spawn("bash", ["-c", text], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    children.push(child);
    return listenTo(child);
  }
  return {
    folder,
    type,
    async run(command, meant) {
      const { ended, said } = type(command, meant);
      return { code: await ended, said: said() };
    },
    typed: () => [...typed],
    leave() {
      for (const { pid, exitCode, signalCode } of children)
        if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGTERM");
    },
  };
}

/** The reader's own port and data, whatever runs beside this test. */
async function environment(folder: string): Promise<NodeJS.ProcessEnv> {
  const { SOMA_FIRST_MINUTES: _, ...env } = process.env;
  return {
    ...env,
    OPENAI_API_KEY: "",
    SOMA_URL: "",
    SOMA_TOKEN: "",
    SOMA_DATA_DIR: join(folder, ".soma"),
    SOMA_GATEWAY_PORT: String(await freePort(0)),
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  };
}
