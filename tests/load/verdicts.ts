/**
 * How long it takes to verify decisions, as `soma policy verify FILE` does: it writes an export of so many, of which one in a
 * thousand was altered, and recomputes it from the file. With exit code 1 where the number that was found is another, or a
 * million would take a minute or more.
 *
 *   node tests/load/verdicts.ts [COUNT]      1 000 000 when left out; the file takes about 1.3 KB each
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson } from "@soma/schemas/json";
import { parseVerdictLine, VERDICTS_FORMAT, type VerdictLine, verifyLines } from "@soma/schemas/verdict/verdict-lines";
import { readExport } from "../../infra/cli/export-file.ts";
import { createRecorder, DATA, readShipped } from "../../schemas/verdict/testing/decided.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const ONE_ALTERED_IN = 1_000;
const MOST_SECONDS = 60;
const CALLS = [
  { role: "assistant", tool: "clock", risk: "low", args: { zone: "Europe/Berlin" } },
  { role: "assistant", tool: "code_run", risk: "high", args: { code: "console.log(1)".repeat(20) } },
  { role: "nobody", tool: "clock", risk: "low", args: {} },
  {
    role: "ghost",
    tool: "http_fetch",
    risk: "medium",
    args: { url: "https://example.com/", headers: { accept: "text/html" } },
  },
];

async function* made(): AsyncGenerator<VerdictLine> {
  const wasm = await readShipped();
  const decide = await createRecorder(wasm);
  yield { kind: "head", format: VERDICTS_FORMAT, from: null, to: null };
  yield { kind: "policy", wasm: Buffer.from(wasm).toString("base64") };
  yield { kind: "data", data: DATA };
  for (let n = 0; n < count; n += 1) {
    const decision = decide(CALLS[n % CALLS.length] ?? { role: "", tool: "", risk: "", args: {} }, n);
    yield { kind: "decision", decision: n % ONE_ALTERED_IN === 0 ? { ...decision, allow: !decision.allow } : decision };
  }
  yield { kind: "end", decisions: count };
}

async function write(path: string): Promise<void> {
  const file = createWriteStream(path);
  for await (const line of made()) if (!file.write(`${canonicalJson(line)}\n`)) await once(file, "drain");
  file.end();
  await once(file, "close");
}

const folder = await mkdtemp(join(tmpdir(), "soma-verdicts-"));
try {
  const path = join(folder, "decisions.jsonl");
  await write(path);
  const { size } = await stat(path);
  let found = 0;
  const begun = performance.now();
  const cpu = process.cpuUsage();
  const counts = await verifyLines(readExport(path, parseVerdictLine), { onFinding: () => (found += 1) });
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const million = (seconds / count) * 1_000_000;
  console.log(
    `${count} decisions, ${(size / 1_048_576).toFixed(0)} MB: ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU`,
  );
  console.log(
    `a million: ${million.toFixed(1)} s; found ${found}, memory ${(process.memoryUsage.rss() / 1_048_576).toFixed(0)} MB`,
  );
  console.log(JSON.stringify(counts));
  if (found !== Math.ceil(count / ONE_ALTERED_IN) || million >= MOST_SECONDS) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
