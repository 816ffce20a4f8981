/*
 * The buckets, actor by actor: a picture's address works anywhere, but only its owner lists where his pictures lie, and
 * nobody but the secret key uploads, replaces, moves or deletes.
 */
begin;
\ir fixtures.psql
select plan(29);

select tests.customer('asha'), tests.customer('ravi');
insert into storage.objects (bucket_id, name)
select bucket, tests.id(owner) || '/' || tests.id(bucket || owner) || '.png'
from unnest(array['generated-images', 'generated-videos']) as bucket, unnest(array['asha', 'ravi']) as owner;
-- An object that lies in no folder, and one in a folder that merely begins like a customer's.
insert into storage.objects (bucket_id, name)
values ('generated-images', tests.id('asha') || '.png'), ('generated-images', tests.id('asha') || 'x/picture.png');
-- The platform lets SQL delete objects only where this is said; row level security is what is tested here.
select set_config('storage.allow_delete_query', 'true', true);

-- The anonymous caller ------------------------------------------------------------------------------------------------

select tests.as_anonymous();
select is_empty(
  $$ select name from storage.objects where bucket_id = $$ || quote_literal(bucket),
  'the anonymous caller lists nothing of ' || bucket
)
from unnest(array['generated-images', 'generated-videos']) as bucket;
select throws_ok(
  format('insert into storage.objects (bucket_id, name) values (%L, %L)', bucket, 'x/picture.png'),
  '42501', 'new row violates row-level security policy for table "objects"',
  'the anonymous caller uploads nothing to ' || bucket
)
from unnest(array['generated-images', 'generated-videos']) as bucket;
select is_empty(
  $$ update storage.objects set name = 'x/mine.png' where bucket_id like 'generated-%' returning id $$,
  'the anonymous caller moves nothing'
);
select is_empty(
  $$ delete from storage.objects where bucket_id like 'generated-%' returning id $$,
  'the anonymous caller deletes nothing'
);

-- The owner of the object ---------------------------------------------------------------------------------------------

select tests.as_customer('asha');
select results_eq(
  $$ select bucket_id, name from storage.objects where bucket_id like 'generated-%' order by bucket_id $$,
  $$ values
    ('generated-images', tests.id('asha') || '/' || tests.id('generated-imagesasha') || '.png'),
    ('generated-videos', tests.id('asha') || '/' || tests.id('generated-videosasha') || '.png')
  $$,
  'a customer lists what lies in his own folder, and nothing else'
);
select throws_ok(
  format('insert into storage.objects (bucket_id, name) values (%L, %L || %L)', bucket, tests.id('asha'), '/forged.png'),
  '42501', 'new row violates row-level security policy for table "objects"',
  'a customer uploads nothing even to his own folder of ' || bucket
)
from unnest(array['generated-images', 'generated-videos']) as bucket;
select is_empty(
  $$ update storage.objects set name = tests.id('asha') || '/other.png' where bucket_id like 'generated-%' returning id $$,
  'a customer moves nothing, not even his own'
);
select is_empty(
  $$ update storage.objects set bucket_id = 'generated-videos' where bucket_id = 'generated-images' returning id $$,
  'nor into another bucket'
);
select is_empty(
  $$ delete from storage.objects where bucket_id like 'generated-%' returning id $$,
  'a customer deletes nothing, not even his own'
);

-- The stranger --------------------------------------------------------------------------------------------------------

select tests.as_customer('ravi');
select is_empty(
  $$ select from storage.objects where name like tests.id('asha') || '%' and bucket_id = $$ || quote_literal(bucket),
  'a stranger lists nothing of somebody else in ' || bucket
)
from unnest(array['generated-images', 'generated-videos']) as bucket;
select throws_ok(
  format('insert into storage.objects (bucket_id, name) values (%L, %L || %L)', bucket, tests.id('asha'), '/planted.png'),
  '42501', 'new row violates row-level security policy for table "objects"',
  'a stranger plants nothing in somebody else''s folder of ' || bucket
)
from unnest(array['generated-images', 'generated-videos']) as bucket;
select is_empty(
  $$ update storage.objects set name = tests.id('ravi') || '/taken.png' where name like tests.id('asha') || '%' returning id $$,
  'a stranger takes nothing over'
);
select is_empty(
  $$ delete from storage.objects where name like tests.id('asha') || '%' returning id $$, 'a stranger deletes nothing'
);
-- A token without a person has no folder.
select tests.act('authenticated', '{"role": "authenticated"}');
select is_empty(
  $$ select from storage.objects where bucket_id like 'generated-%' $$, 'a token that names no person lists nothing'
);

-- The buckets themselves ----------------------------------------------------------------------------------------------

select tests.as_customer('asha');
select throws_ok(
  $$ insert into storage.buckets (id, name, public) values ('mine', 'mine', true) $$, '42501', null,
  'a customer makes no bucket'
);
select tests.as_anonymous();
select throws_ok(
  $$ insert into storage.buckets (id, name, public) values ('mine', 'mine', true) $$, '42501', null,
  'nor does the anonymous caller'
);

-- The service ---------------------------------------------------------------------------------------------------------

select tests.as_service();
select is(
  (select count(*)::integer from storage.objects where bucket_id like 'generated-%' and name like any (array[tests.id('asha') || '%', tests.id('ravi') || '%'])),
  6, 'the service lists everything'
);
select results_eq(
  $$
    insert into storage.objects (bucket_id, name) values ('generated-images', tests.id('asha') || '/new.png')
    returning bucket_id
  $$,
  array['generated-images'], 'the service uploads'
);
select throws_ok(
  $$ insert into storage.objects (bucket_id, name) values ('generated-images', tests.id('asha') || '/new.png') $$, '23505', null,
  'two objects of one name cannot be: the second upload is refused and the first is kept'
);
select results_eq(
  $$ update storage.objects set name = tests.id('asha') || '/moved.png' where name = tests.id('asha') || '/new.png' returning bucket_id $$,
  array['generated-images'], 'the service moves'
);
select results_eq(
  $$ delete from storage.objects where name = tests.id('asha') || '/moved.png' returning bucket_id $$,
  array['generated-images'], 'the service deletes'
);

-- And after all that everything still lies where it lay ---------------------------------------------------------------

select tests.as_owner();
select is(
  (select count(*)::integer from storage.objects where name like tests.id('asha') || '%' or name like tests.id('ravi') || '%'),
  6, 'after all that everything lies where it lay'
);
select is(
  (select count(*)::integer from storage.buckets where id in ('generated-images', 'generated-videos') and public), 2,
  'and both buckets are as they were'
);
select is_empty($$ select from storage.buckets where id = 'mine' $$, 'and no bucket was added');

select * from finish();
rollback;
