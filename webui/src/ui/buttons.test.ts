import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const src = fileURLToPath(new URL("..", import.meta.url));

/** One that is `disabled` while it has the focus loses it, and whoever uses keys begins at the top of the page again. */
it("a button of the page that cannot be pressed is aria-disabled, so that it keeps the focus", () => {
  const files = globSync("**/*.tsx", { cwd: src }).filter((file) => !file.endsWith(".test.tsx"));
  expect(files.length).toBeGreaterThan(50);
  const faults = files.filter((file) =>
    [...readFileSync(`${src}${file}`, "utf8").matchAll(/<(?:button|\w*Button)\b(.*?)>\n/gs)].some(([, said = ""]) =>
      /\sdisabled\b/.test(said),
    ),
  );
  expect(faults).toEqual([]);
});
