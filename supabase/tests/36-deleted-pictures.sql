/*
 * Deleting pictures: own ones alone, at once and for no credit; to be had back until a worker has begun to remove them,
 * and never afterwards; removed by one worker at a time, and by the next one where the first died.
 */
begin;
\ir fixtures.psql
select plan(70);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');
select tests.session('s', 'asha', 'pro', 4), tests.session('his', 'ravi', 'pro', 4);
select tests.reserve('asha', 's', 'p', 4), tests.complete('asha', 'p'), tests.reserve('ravi', 'his', 'r'), tests.complete('ravi', 'r');
select tests.reserve('asha', 's', 'held'), tests.reserve('asha', 's', 'failed'), tests.fail('asha', 'failed');

-- The id of a picture of a request.
create function tests.picture(request text, place integer default 0) returns uuid
language sql stable
return (select id from public.image_generations where request_id = tests.id(request) and batch_index = place);
create function tests.call(customer text, verb text, variadic ids uuid[]) returns jsonb
language plpgsql volatile
as $$
declare
  answer jsonb;
begin
  perform tests.as_customer(customer);
  execute format('select public.%I($1)', verb || '_pictures') into answer using ids;
  perform tests.as_owner();
  return answer;
end
$$;
-- What a call did to how many, such as 'deleted 2'.
create function tests.does(customer text, verb text, variadic ids uuid[]) returns text
language sql volatile
return (
  select (answer ->> 'outcome') || coalesce(' ' || jsonb_array_length(answer -> 'ids'), '')
  from tests.call(customer, verb, variadic ids) as answer
);
create function tests.claim_removals(count_max integer default 100) returns jsonb
language plpgsql volatile
as $$
declare
  answer jsonb;
begin
  perform tests.as_service();
  answer := public.claim_removals(count_max);
  perform tests.as_owner();
  return answer;
end
$$;
create function tests.record_removals(variadic ids uuid[]) returns integer
language plpgsql volatile
as $$
declare
  answer integer;
begin
  perform tests.as_service();
  answer := public.record_removals(ids);
  perform tests.as_owner();
  return answer;
end
$$;
-- How a request's pictures stand, such as 'kept, deleted, removing, removed'.
create function tests.kept(request text) returns text
language sql stable
return (
  select string_agg(case
    when removed_at is not null then 'removed' when removing_at is not null then 'removing'
    when deleted_at is not null then 'deleted' else 'kept' end, ', ' order by batch_index)
  from public.image_generations where request_id = tests.id(request)
);
-- How many addresses a request is answered with.
create function tests.addresses(request text) returns integer
language sql volatile
return (
  select count(*) from jsonb_array_elements(tests.status('asha', request) -> 'generations') as picture where picture ->> 'url' is not null
);

-- Deleting ----------------------------------------------------------------------------------------------------------------

create temp table balance_before as select tests.balance('asha', 's') as balance;
select is(
  tests.call('asha', 'delete', tests.picture('p', 0)),
  jsonb_build_object('outcome', 'deleted', 'ids', jsonb_build_array(tests.picture('p', 0)), 'restorableUntil', tests.moment('20 seconds')),
  'a customer deletes a picture of his, and is told how long he has to think again'
);
select is(tests.kept('p'), 'deleted, kept, kept, kept', 'that one, and no other of its batch');
select is(tests.does('asha', 'delete', tests.picture('p', 0), tests.picture('p', 0)), 'deleted 1', 'twice is once');
select tests.at('5 seconds');
select is(
  tests.call('asha', 'delete', tests.picture('p', 0)) ->> 'restorableUntil', to_jsonb(tests.moment('20 seconds')) #>> '{}',
  'and later is not later'
);
select is(tests.addresses('p'), 4, 'as long as it can be had back its address is told');
select is(tests.does('asha', 'delete', tests.picture('p', 1), tests.picture('p', 2)), 'deleted 2', 'several are deleted at once');
select is(
  tests.does('asha', 'delete', tests.picture('r'), tests.picture('held'), tests.picture('failed'), gen_random_uuid(), null),
  'deleted 0', 'a stranger''s picture is not, nor what is no picture'
);
select is(tests.kept('r') || ', ' || tests.kept('held'), 'kept, kept', 'whose rows stay as they were');
select is(tests.does('ravi', 'restore', tests.picture('p', 0)), 'too_late 0', 'nor does a stranger bring one back');
select is(tests.kept('p'), 'deleted, deleted, deleted, kept', 'which changes nothing');
select is(tests.balance('asha', 's'), (select balance from balance_before), 'no credit comes back');
select is(tests.states('s'), 'completed 4, failed 1, running 1', 'I6: and the rows are what they were');
select is(
  (select images_generated from public.user_sessions where id = tests.id('s')), 4, 'I10: as is what was counted'
);

-- Having it back ----------------------------------------------------------------------------------------------------------

select is(tests.does('asha', 'restore', tests.picture('p', 0)), 'restored 1', 'what was deleted is had back');
select is(tests.kept('p'), 'kept, deleted, deleted, kept', 'and nothing else');
select is(tests.does('asha', 'restore', tests.picture('p', 0)), 'restored 1', 'twice is once');
select tests.at('24 seconds');
select is(tests.claim_removals(), '[]', 'within 20 seconds nothing is removed');
select is(
  tests.does('asha', 'delete', tests.picture('p', 0)) || ', ' || tests.does('asha', 'restore', tests.picture('p', 0)),
  'deleted 1, restored 1', 'and one changes one''s mind as often as one likes'
);

-- Removing ----------------------------------------------------------------------------------------------------------------

select is(private.tick(), 0, 'the tick');
create temp table woken (channel text);
create or replace function private.wake_worker() returns void language sql set search_path = ''
begin atomic
  insert into pg_temp.woken values ('hub_queue');
end;
select tests.fail('asha', 'held');
select private.tick();
select is_empty('select from woken', 'wakes nobody before there is something to remove');
select tests.at('25 seconds'), private.tick();
select is((select count(*)::integer from woken), 1, 'and then it does');
create temp table claimed as select tests.claim_removals(1) as work;
select is(
  (select work from claimed),
  (select jsonb_agg(jsonb_build_object('id', id, 'objectName', object_name)) from public.image_generations where removing_at is not null),
  'a worker takes as many as it wants, by the names that Storage knows'
);
select is(jsonb_array_length(tests.claim_removals()), 1, 'another worker gets the others');
select is(tests.claim_removals(), '[]', 'and nobody the same again');
select is(tests.kept('p'), 'kept, removing, removing, kept', 'what was restored is not removed');
select is(tests.addresses('p'), 2, 'the address of what is being removed is told no more');
select is(tests.does('asha', 'restore', tests.picture('p', 1)), 'too_late 0', 'I15: and it is too late to have it back');
select is(tests.does('asha', 'restore', tests.picture('p', 1), tests.picture('p', 3)), 'restored 1', 'of several, for that one');
select is(tests.does('asha', 'delete', tests.picture('p', 1)), 'deleted 1', 'to delete it again is to have deleted it');
delete from woken;
select tests.at('80 seconds'), private.tick();
select is_empty('select from woken', 'while its worker may be alive nobody else is woken');
select is(tests.claim_removals(), '[]', 'or gets it');
select is(tests.record_removals(tests.picture('p', 1)), 1, 'that Storage has it no more is recorded');
select is(tests.record_removals(tests.picture('p', 1)), 0, 'once');
select is(tests.kept('p'), 'kept, removed, removing, kept', 'of that one');
select tests.at('85 seconds'), private.tick();
select is((select count(*)::integer from woken), 1, 'of a worker that was not heard of the next one is woken');
select is(tests.claim_removals() #>> '{0,id}', tests.picture('p', 2)::text, 'and gets what it left');
select is(tests.record_removals(tests.picture('p', 2), tests.picture('p', 1), tests.picture('p', 3), tests.picture('r')), 1, 'what nobody removes is not recorded');
select is(tests.kept('p') || ', ' || tests.kept('r'), 'kept, removed, removed, kept, kept', 'as removed');
select tests.at('1 hour');
select is(tests.claim_removals(), '[]', 'what is gone is not removed again');
select is(tests.addresses('p'), 2, 'and what is there is answered with its address');
select is(
  (select count(*)::integer from jsonb_array_elements(tests.reserve('asha', 's', 'p', 4) -> 'generations') as picture
   where picture ->> 'url' is not null), 2, 'by a replay too'
);
select is(tests.reserve('asha', 's', 'p', 4) ->> 'outcome', 'completed', 'which is the same request, with the same result');
select is(
  (select count(*)::integer from public.image_generations where request_id = tests.id('p') and object_name is not null), 4,
  'the ledger keeps its rows, and they their names'
);
select is(tests.claim_removals(count_max), '[]', 'which is nothing, also for a worker that wants ' || coalesce(count_max::text, 'it does not say how many'))
from unnest(array[0, -1, null, 2147483647]) as count_max;
select is(tests.record_removals(null), 0, 'nothing at all is recorded as that');

-- What may be asked -------------------------------------------------------------------------------------------------------

select tests.as_customer('asha');
select is(public.delete_pictures(wrong), '{"outcome": "invalid_request", "field": "ids"}', 'no ids, or too many, are not deleted')
from (values ('{}'::uuid[]), (null), (array_fill(tests.id('x'), array[101]))) as wrong (wrong);
select is(public.restore_pictures(wrong), '{"outcome": "invalid_request", "field": "ids"}', 'or brought back')
from (values ('{}'::uuid[]), (null), (array_fill(tests.id('x'), array[101]))) as wrong (wrong);
select is(public.delete_pictures(array_fill(tests.id('x'), array[100])) ->> 'outcome', 'deleted', 'a hundred are not too many');
select throws_ok(format('select public.%s', call), '42501', null, 'a customer cannot call ' || call)
from unnest(array['claim_removals(1)', 'record_removals(array[gen_random_uuid()])']) as call;
select tests.as_anonymous();
select throws_ok(format('select public.%s', call), '42501', null, 'and whoever is not signed in cannot call ' || call)
from unnest(array[
  'claim_removals(1)', 'record_removals(null)', 'delete_pictures(array[gen_random_uuid()])', 'restore_pictures(null)'
]) as call;
select tests.as_owner();
select tests.act('authenticated', '{"role": "authenticated"}');
select is(public.delete_pictures('{}'), '{"outcome": "unauthorized"}', 'a token of nobody deletes nothing');
select is(public.restore_pictures('{}'), '{"outcome": "unauthorized"}', 'nor does it bring back');
select tests.as_owner();

-- What holds whoever writes -----------------------------------------------------------------------------------------------

select throws_ok(
  format('update public.image_generations set %s where id = %L', change, tests.picture('p', 1)), '23000', null,
  'I15: what is removed stays so: ' || change
)
from unnest(array['deleted_at = null', 'removing_at = null', 'removed_at = null', 'removed_at = now()']) as change;
select throws_ok(
  format('update public.image_generations set %s where id = %L', change, id), '23514', null, 'what is not deleted is not removed: ' || change
)
from (values
  ('removing_at = now()', tests.picture('p', 0)), ('removed_at = now()', tests.picture('p', 0)),
  ('deleted_at = now()', tests.picture('failed'))
) as wrong (change, id);

select * from finish();
rollback;
