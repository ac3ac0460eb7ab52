-- The events of steps without what they streamed: the steps of a run cost its steps, however much was said in between.
create index journal_steps on journal (run_id, seq) where kind between 10 and 15;
