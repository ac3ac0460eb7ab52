-- What a consumer has handled is remembered for a while and not for ever: inbox_by_age finds what may go. A delivery that
-- comes again is noted anew, so that an event that keeps coming is never forgotten.
create index inbox_by_age on inbox (received_at);
grant update (received_at) on inbox to soma_worker;
