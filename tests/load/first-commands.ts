/**
 * Each of the three commands of the README as the first one on a fresh clone of what is committed, for root in a folder that
 * others may not enter and for an ordinary user: seconds, and what went wrong. Needs git, and root for both. Prints one JSON
 * object; ends with 1 when one of them failed.
 *
 *   node_modules/.bin/node tests/load/first-commands.ts
 */
import { tryCheck, tryStart, tryTest } from "../system/first-minutes/first-command.ts";
import { type Account, createFreshClone, type FreshClone, whyNot } from "../system/first-minutes/fresh-clone.ts";

const COMMANDS = { "npm start": tryStart, "npm run check": tryCheck, "npm test": tryTest };
const ACCOUNTS: readonly Account[] = ["root", "user"];

const results: Record<string, Record<string, string>> = {};
for (const account of ACCOUNTS) {
  const results0: Record<string, string> = {};
  results[account] = results0;
  for (const [command, attempt] of Object.entries(COMMANDS)) results0[command] = await time(account, attempt);
}
console.log(JSON.stringify(results, null, 2));

async function time(account: Account, attempt: (clone: FreshClone) => Promise<void>): Promise<string> {
  const why = whyNot(account);
  if (why !== undefined) return `not run here: ${why}`;
  const clone = await createFreshClone(account);
  const startedAt = performance.now();
  try {
    await attempt(clone);
    return `${Math.round((performance.now() - startedAt) / 1_000)} s`;
  } catch (error) {
    process.exitCode = 1;
    return (error as Error).message;
  } finally {
    await clone.remove();
  }
}
