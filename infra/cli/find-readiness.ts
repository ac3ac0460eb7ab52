import { isRecord } from "@soma/schemas/json";

const LIMIT_MS = 3_000;

export interface Readiness {
  ok: boolean;
  /** "ready", or what is not and why, in one line. */
  detail: string;
}

/** What the product says to anybody about its readiness. */
export async function findReadiness(url: string): Promise<Readiness> {
  const { ok, body } = await ask(new URL("/readyz", url));
  const reasons = isRecord(body.reasons) ? Object.entries(body.reasons) : [];
  return tell(ok, reasons);
}

/** What it says to operators of its machine, with addresses and the words of the system. */
export async function findReadinessInFull(operatorUrl: string): Promise<Readiness> {
  const { ok, body } = await ask(new URL("/readyz", operatorUrl));
  const parts = isRecord(body.parts) ? Object.entries(body.parts) : [];
  const faults = parts.flatMap(([part, found]) =>
    Object.entries(isRecord(found) ? found : {}).map(([what, why]): [string, unknown] => [`${part} (${what})`, why]),
  );
  return tell(ok, faults);
}

function tell(ok: boolean, faults: readonly (readonly [string, unknown])[]): Readiness {
  if (ok) return { ok, detail: "ready" };
  return { ok, detail: `not ready: ${faults.map(([what, why]) => `${what}: ${String(why)}`).join("; ")}` };
}

async function ask(url: URL): Promise<{ ok: boolean; body: Record<string, unknown> }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  const body: unknown = await response.json().catch(() => undefined);
  return { ok: response.ok, body: isRecord(body) ? body : {} };
}
