/**
 * Each of the three commands of the README as the first one on a fresh clone of what is committed, for root in a folder that
 * others may not enter and for an ordinary user: how long it took, or what went wrong. Needs git, and root for both. Prints
 * one JSON object a line; ends with 1 when one of them failed.
 *
 *   node_modules/.bin/node tests/load/first-commands.ts [root|user, both when left out] [start|check|test, all when left out]
 */
import { tryCheck, tryStart, tryTest } from "../system/first-minutes/first-command.ts";
import { type Account, createFreshClone, type FreshClone, whyNot } from "../system/first-minutes/fresh-clone.ts";

const COMMANDS = { start: tryStart, check: tryCheck, test: tryTest };
const ACCOUNTS: readonly Account[] = ["root", "user"];
const [ofAccount, ofCommand] = process.argv.slice(2);

for (const account of ACCOUNTS.filter((each) => ofAccount === undefined || each === ofAccount))
  for (const [command, attempt] of Object.entries(COMMANDS))
    if (ofCommand === undefined || command === ofCommand)
      console.log(JSON.stringify({ account, command, ...(await time(account, attempt)) }));

async function time(account: Account, attempt: (clone: FreshClone) => Promise<void>): Promise<object> {
  const notRun = whyNot(account);
  if (notRun !== undefined) return { notRun };
  const clone = await createFreshClone(account);
  const startedAt = performance.now();
  try {
    await attempt(clone);
    return { seconds: Math.round((performance.now() - startedAt) / 1_000) };
  } catch (error) {
    process.exitCode = 1;
    return { failed: (error as Error).message };
  } finally {
    await clone.remove();
  }
}
