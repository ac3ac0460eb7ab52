-- Each memory is looked for by its key base before it is kept: without this, by reading every memory of the namespace.
create index memory_by_key_base on memory_item (tenant, namespace, idem_key_base);
