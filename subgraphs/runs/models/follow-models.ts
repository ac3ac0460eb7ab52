import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Lifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { startLoop } from "@soma/shared/loop";
import { ModelError } from "./model-error.ts";
import { createModelSource, type ModelSource, type ModelSourceOptions } from "./model-source.ts";

/** How often is looked for changes; a file is taken when it has not changed for one look. */
const LOOK_MS = 1_000;

/** The models of a process, which follow models.yaml and keys that stand in files until the process ends. */
export async function followModels(
  options: ModelSourceOptions & { log: Log; lifecycle: Pick<Lifecycle, "add"> },
): Promise<ModelSource> {
  const { confDir, log, lifecycle } = options;
  const source = await createModelSource(options);
  const look = createLook({ source, confDir, log });
  const loop = startLoop({ name: "models", intervalMs: LOOK_MS, log }, () => look().then(() => false));
  lifecycle.add("models", loop.close);
  return source;
}

interface LookParams {
  source: ModelSource;
  /** Folder of models.yaml. */
  confDir: URL;
  log: Log;
}

/**
 * One look: takes what has changed and stands still again. What cannot be taken is told once, and what was there goes
 * on.
 */
export function createLook({ source, confDir, log }: LookParams): () => Promise<void> {
  const file = new URL("models.yaml", confDir);
  const digestsNow = (): Digests => {
    const keys = Object.values(source.conf.profiles).flatMap(({ apiKeyFile }) => apiKeyFile ?? []);
    return new Map([file, ...keys].map((each) => [String(each), hash("sha256", read(each))]));
  };
  let seen = digestsNow();
  let taken = seen;
  let told: Digests | undefined;
  return async () => {
    const now = digestsNow();
    const isSettled = isSame(now, seen);
    seen = now;
    if (!isSettled || isSame(now, taken)) return;
    try {
      await source.reload();
      // Which files hold keys is for the new one to say. What changed meanwhile was not read, and is taken by a later
      // look.
      seen = digestsNow();
      taken = new Map([...seen].map(([each, digest]) => [each, now.get(each) ?? digest]));
      const { chosen, reason, conf } = source;
      log.info({ profiles: Object.keys(conf.profiles), chosen: chosen.profile, reason }, "models.yaml is loaded again");
    } catch (error) {
      // A server that is away comes back without a change of the file.
      const isAway = error instanceof ModelError && error.code === "UNAVAILABLE" && !error.isOfProfile;
      if (!isAway) taken = now;
      if (told !== undefined && isSame(now, told)) return;
      told = now;
      log.error({ err: error, file: file.pathname }, "models.yaml cannot be taken; what was there before goes on");
    }
  };
}

/** What stood in each file. */
type Digests = ReadonlyMap<string, string>;

function isSame(one: Digests, other: Digests): boolean {
  return one.size === other.size && [...one].every(([file, digest]) => other.get(file) === digest);
}

function read(file: URL | string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
