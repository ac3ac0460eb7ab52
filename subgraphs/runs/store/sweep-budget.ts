import type { Tx } from "@soma/shared/postgres/connect";

/** Gives back what is reserved for calls that nobody makes any more; gives how many there were. One statement. */
export async function sweepBudget(tx: Tx, { tenant }: { tenant: string }): Promise<number> {
  const [row] = await tx<{ swept: number }[]>`select sweep_budget(${tenant}) as swept`;
  return row?.swept ?? 0;
}
