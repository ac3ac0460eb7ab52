export interface Traffic {
  /**
   * Gives the new release a share of the traffic, in percent, and the stable one the rest. Throws unless whoever
   * divides the traffic has said that it is so.
   */
  move(weight: number, signal: AbortSignal): Promise<void>;
}

/** Both shares, the stable one first. */
export function sharesOf(stable: string, canary: string, weight: number): { name: string; weight: number }[] {
  return [
    { name: stable, weight: 100 - weight },
    { name: canary, weight },
  ];
}
