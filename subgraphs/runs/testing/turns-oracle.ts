/** What became of a run of a tenant, in the order in which it was. */
export interface Turn {
  tenant: string;
  what: "queued" | "claimed" | "left";
}

/** What a tenant is to have. */
export interface Share {
  weight: number;
  maxRunning?: number | undefined;
}

interface Standing {
  waiting: number;
  running: number;
}

/**
 * (I12) What is wrong with the order in which runs of tenants were claimed, in words: nobody has more under way than its
 * cap, and of two that could both have gone on all the while, none is ahead of its share of the other by more than a turn
 * of each.
 */
export function faultsOfTurns(turns: readonly Turn[], shareOf: (tenant: string) => Share): string[] {
  const tenants = new Map<string, Standing>();
  const served = new Map<string, number>();
  const faults = new Set<string>();
  const standingOf = (tenant: string): Standing => {
    const known = tenants.get(tenant) ?? { waiting: 0, running: 0 };
    tenants.set(tenant, known);
    return known;
  };
  const others = (tenant: string): string[] => [...tenants.keys()].filter((other) => other !== tenant);
  const couldGoOn = (tenant: string): boolean => {
    const { waiting, running } = standingOf(tenant);
    return waiting > 0 && running < (shareOf(tenant).maxRunning ?? Number.POSITIVE_INFINITY);
  };

  /** Of the turns that two had while both could have had them, in parts of their weights. */
  const ahead = (tenant: string, other: string): number =>
    (served.get(`${tenant} ${other}`) ?? 0) - (served.get(`${other} ${tenant}`) ?? 0);

  function claim(tenant: string): void {
    const standing = standingOf(tenant);
    const { weight, maxRunning = Number.POSITIVE_INFINITY } = shareOf(tenant);
    if (standing.waiting < 1) faults.add(`${tenant} had a turn, and nothing waited`);
    for (const other of others(tenant).filter(couldGoOn)) {
      const pair = `${tenant} ${other}`;
      served.set(pair, (served.get(pair) ?? 0) + 1 / weight);
      if (ahead(tenant, other) > 1 / weight + 1 / shareOf(other).weight + Number.EPSILON * turns.length)
        faults.add(`${tenant} had more turns than its share while ${other} waited`);
    }
    standing.waiting -= 1;
    standing.running += 1;
    if (standing.running > maxRunning)
      faults.add(`${tenant} had ${standing.running} under way, and may have ${maxRunning}`);
  }

  for (const { tenant, what } of turns) {
    if (what === "queued") standingOf(tenant).waiting += 1;
    else if (what === "left") standingOf(tenant).running -= 1;
    else claim(tenant);
    // Who could not go on begins anew: nothing is saved up.
    if (!couldGoOn(tenant))
      for (const other of others(tenant))
        for (const pair of [`${tenant} ${other}`, `${other} ${tenant}`]) served.delete(pair);
  }
  return [...faults];
}
