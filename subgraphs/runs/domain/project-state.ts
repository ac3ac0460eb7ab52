/** What a file of a project cannot be taken for, in a sentence that begins with the file. */
export interface ProjectFault {
  message: string;
  /** Where to mend it, by its path in the project: often the file itself, else one that it imports. */
  file: string;
  /** Null where nothing told it. */
  line: number | null;
}

/** A folder of somebody's own agents and tools, as it stands at the moment. */
export interface ProjectState {
  /** The last part of its path. */
  name: string;
  /** When its files were read last. */
  loadedAt: Date;
  /** What of them is not taken; what each held before goes on. */
  faults: readonly ProjectFault[];
  /** The file of each of its agents, by the agent's name. */
  files: ReadonlyMap<string, string>;
}
