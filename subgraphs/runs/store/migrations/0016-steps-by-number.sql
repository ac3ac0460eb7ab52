-- The events of one step stand together: whoever follows a run asks for the steps that its newest events name, and for no others.
drop index journal_steps;
create index journal_steps on journal (run_id, step, seq) where kind between 10 and 16;
