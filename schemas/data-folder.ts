import { isRecord } from "./json.ts";

/**
 * What a running product leaves in its data folder, so that the command line finds it: a contract between two programs, and
 * between versions of them. Both files are JSON objects; credentials.json is readable by the owner of the folder alone.
 */
export const RUNTIME_FILE = "runtime.json";
export const CREDENTIALS_FILE = "credentials.json";

export interface Runtime {
  /** The process that has the folder. */
  pid: number;
  /** Tells it from a later process with its number, as `lifeOf()` does; left out by versions that did not know. */
  life?: string;
  /** Base URL of the product. */
  url: string;
  /** RFC 3339. */
  startedAt: string;
  /** Base URL of `/metrics` and of `/readyz` in full; left out by versions that had none. */
  operatorUrl?: string;
}

export interface Credentials {
  /** Access token of the developer of this machine. */
  token: string;
}

/** The text of runtime.json; undefined for anything else, such as a file that was cut off. */
export function parseRuntime(text: string): Runtime | undefined {
  const value = parse(text);
  const { pid, life, url, startedAt, operatorUrl } = isRecord(value) ? value : {};
  if (typeof pid !== "number" || typeof url !== "string") return undefined;
  return {
    pid,
    url,
    startedAt: typeof startedAt === "string" ? startedAt : "",
    ...(typeof life === "string" ? { life } : {}),
    ...(typeof operatorUrl === "string" ? { operatorUrl } : {}),
  };
}

/** The text of credentials.json; undefined for anything else. */
export function parseCredentials(text: string): Credentials | undefined {
  const value = parse(text);
  return isRecord(value) && typeof value.token === "string" ? { token: value.token } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
