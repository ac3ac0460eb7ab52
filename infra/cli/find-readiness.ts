import { isRecord } from "@soma/schemas/json";

const LIMIT_MS = 3_000;

export interface Readiness {
  ok: boolean;
  /** "ready", or what is not and why, in one line. */
  detail: string;
}

/** What the product says to anybody about its readiness. */
export async function findReadiness(url: string): Promise<Readiness> {
  const answer = await ask(new URL("/readyz", url));
  const reasons = isRecord(answer.body.reasons) ? Object.entries(answer.body.reasons) : [];
  return tell(answer, reasons);
}

/** What it says to operators of its machine, with addresses and the words of the system. */
export async function findReadinessInFull(operatorUrl: string): Promise<Readiness> {
  const answer = await ask(new URL("/readyz", operatorUrl));
  const parts = isRecord(answer.body.parts) ? Object.entries(answer.body.parts) : [];
  const faults = parts.flatMap(([part, found]) =>
    Object.entries(isRecord(found) ? found : {}).map(([what, why]): [string, unknown] => [`${part} (${what})`, why]),
  );
  return tell(answer, faults);
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** Ready is who says so: another program on the port, or one between us, may answer anything. */
function tell({ status, body }: Answer, faults: readonly (readonly [string, unknown])[]): Readiness {
  if (status === 200 && body.ready === true) return { ok: true, detail: "ready" };
  const reasons = faults.map(([what, why]) => `${what}: ${String(why)}`).join("; ");
  return { ok: false, detail: `not ready: ${reasons === "" ? `it answered ${status} and named no reason` : reasons}` };
}

async function ask(url: URL): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  const body: unknown = await response.json().catch(() => undefined);
  return { status: response.status, body: isRecord(body) ? body : {} };
}
