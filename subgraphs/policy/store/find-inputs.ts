import type { Tx } from "@soma/shared/postgres/connect";

interface InputRow {
  digest: string;
  input: string;
}

/** What the policy was asked, by its digest, in no order; what is not kept is left out. */
export async function findInputs(tx: Tx, { digests }: { digests: readonly string[] }): Promise<InputRow[]> {
  return tx<InputRow[]>`select digest, input from decision_input where digest = any (${[...digests]}::text[])`;
}
