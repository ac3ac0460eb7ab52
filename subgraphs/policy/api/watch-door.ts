import { hash, timingSafeEqual } from "node:crypto";
import { isExact } from "@soma/schemas/exact-json";
import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { counter } from "@soma/shared/metrics";
import { readText } from "@soma/shared/read-text";
import { type RecordAlertDeps, recordAlert } from "../commands/record-alert.ts";
import { createAlertBound } from "../domain/alert-bound.ts";
import { parseFalcoAlert } from "../domain/falco-alert.ts";

export const WATCH_PATH = "/watch/falco";
/** Falco sends one event at a time, and cuts what it shows of it. */
const MAX_ALERT_BYTES = 65_536;

export interface WatchDoorOptions extends RecordAlertDeps {
  token: string;
  /** In whose audit alerts are kept. */
  tenant: string;
  log: Log;
}

const alerts = counter("watch_alerts_total", "Alerts of Falco that came to the policy part, by what became of them", [
  "outcome",
]);

/**
 * Takes what Falco's `http_output` sends: one alert by POST, with the token as the password of Basic, as libcurl takes it from a
 * URL, or as Bearer. Falco sends nothing again that was refused, so that every refusal is counted.
 */
export function createWatchDoor(options: WatchDoorOptions): (request: Request) => Promise<Response> {
  const { tenant, log } = options;
  const expected = hash("sha256", options.token, "buffer");
  const bound = createAlertBound();

  async function take(request: Request): Promise<Response> {
    if (request.method !== "POST") throw new SomaError("NOT_FOUND", `${WATCH_PATH} takes alerts by POST`);
    if (!timingSafeEqual(hash("sha256", tokenOf(request.headers), "buffer"), expected))
      throw new SomaError("UNAUTHENTICATED", `${WATCH_PATH} takes the token that SOMA_WATCH_TOKEN has`);
    if (!bound.admits(options.now().getTime()))
      throw new SomaError("LIMIT_EXCEEDED", `more alerts come than are kept, which is ${bound.perMinute} in a minute`);
    const text = await readText(request.body, MAX_ALERT_BYTES, "an alert");
    await recordAlert(options, { tenant, alert: parseFalcoAlert(parseAlert(text)), text });
    alerts.inc({ outcome: "kept" });
    return new Response(null, { status: 204 });
  }

  return (request) =>
    take(request).catch((error: unknown) => {
      alerts.inc({ outcome: error instanceof SomaError ? error.code.toLowerCase() : "failed" });
      // A stranger, or a rule that tells of everything, does not fill the log.
      const isFlood = error instanceof SomaError && ["UNAUTHENTICATED", "LIMIT_EXCEEDED"].includes(error.code);
      if (!isFlood) log.warn({ err: error }, "an alert of the watch was not kept");
      throw error;
    });
}

function tokenOf(headers: Headers): string {
  const [scheme = "", value = ""] = (headers.get("authorization") ?? "").split(" ");
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return "";
  const pair = Buffer.from(value, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

/** Falco's times have more digits than a number here keeps; such a number is kept as the text that it was. */
function parseAlert(text: string): unknown {
  const keep = (_name: string, value: unknown, { source }: { source: string }): unknown =>
    typeof value === "number" && !isExact(source) ? source : value;
  try {
    return JSON.parse(text, keep as Parameters<typeof JSON.parse>[1]);
  } catch (cause) {
    throw new SomaError("BAD_INPUT", "an alert is not JSON; set json_output of Falco to true", { cause });
  }
}
