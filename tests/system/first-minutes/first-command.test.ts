import { afterAll, describe, it } from "vitest";
import { tryStart, tryStopOfNpm, tryTest } from "./first-command.ts";
import { type Account, createFreshClone, type FreshClone, whyNot } from "./fresh-clone.ts";

/** Each installs every package, so the six of them take minutes: tests/load/first-commands.ts tries them all. */
const LIMIT_MS = 300_000;
const clones: FreshClone[] = [];
afterAll(() => Promise.all(clones.map((clone) => clone.remove())));

async function cloneFor(account: Account): Promise<FreshClone> {
  const clone = await createFreshClone(account);
  clones.push(clone);
  return clone;
}

function titleOf(account: Account, title: string): string {
  const why = whyNot(account);
  return why === undefined ? title : `${title} (not run here: ${why})`;
}

describe.concurrent("the first command on a fresh clone", { timeout: LIMIT_MS }, () => {
  it.skipIf(whyNot("root") !== undefined)(
    titleOf("root", "is npm start, by root in a folder that others may not enter"),
    async () => {
      await tryStart(await cloneFor("root"));
    },
  );

  it.skipIf(whyNot("user") !== undefined)(
    titleOf("user", "is npm test, by an ordinary user, and then npm start"),
    async () => {
      const clone = await cloneFor("user");
      await tryTest(clone);
      await tryStart(clone);
      await tryStopOfNpm(clone);
    },
  );
});
