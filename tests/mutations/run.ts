import setup from "../../infra/local/test-postgres.ts";
import { copySources, tryMutation } from "./mutant.ts";
import { MUTATIONS } from "./mutations.ts";

/** Tries every mutation, or those whose name contains a word; ends with 1 when a test did not notice one. */
const [word = ""] = process.argv.slice(2);
const wanted = MUTATIONS.filter(({ name }) => name.includes(word));
if (wanted.length === 0) throw new Error(`no mutation has "${word}" in its name`);
const stop = await setup();
const copy = copySources();
let bad = 0;
try {
  for (const mutation of wanted) {
    const { outcome, why, ms } = await tryMutation(copy, mutation);
    if (outcome !== "NOTICED") bad += 1;
    console.log(
      `${outcome.padEnd(12)}${(ms / 1_000).toFixed(1).padStart(6)} s  ${mutation.name}${why === "" ? "" : `\n    ${why}`}`,
    );
  }
} finally {
  copy.remove();
  await stop();
}
process.exitCode = bad === 0 ? 0 : 1;
