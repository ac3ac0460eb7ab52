-- Runs that were taken over from a lost worker are few, and who looks for them looks among all. As each list its own order has
-- (0011), so that no other index is taken for nearly as good.
create index run_recovered on run (tenant, run_id nulls first) where recoveries > 0;
