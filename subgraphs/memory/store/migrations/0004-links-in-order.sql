-- The links of a memory in the order they are given, so that a page of a well-linked memory reads its own rows and no others.
create index memory_edge_in_order on memory_edge (tenant, source_id, created_at, relation, target_id);
