/** Entities of the runs subgraph, known here by their key alone. */
export interface RunReference {
  id: string;
}
export interface SessionReference {
  id: string;
}
