/** An entity of another subgraph that this one adds fields to; whether it exists is its owner's to say. */
export interface Reference {
  id: string;
}
