/*
 * Adopting a hub of the original deployment, step 1 of 4: sets what is the original's aside, so that `supabase db push`
 * finds the place free. docs/ADOPTING.md tells the owner how to run it; steps 3 and 4 carry over what it set aside.
 *
 * Owns: moving the original's tables, and the functions that know them, into a schema `original` that nobody but the
 * owner reaches. It changes no row. It refuses what step 3 could not carry, before anything is moved. One transaction;
 * a second time it finds its own mark and does nothing.
 */
set adopt.report = '';
begin;
set local statement_timeout = 0;
-- Rather than queue in front of everybody behind somebody's long transaction.
set local lock_timeout = '10s';
set local adopt.go = 'no';

-- Says a line to psql at once, and to an SQL editor, which shows no notices, at the end.
create or replace function pg_temp.tell(line text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  raise notice '%', line;
  perform set_config('adopt.report', coalesce(current_setting('adopt.report', true), '') || line || E'\n', false);
end
$$;

-- The original's tables that are here, as they lie in public.
create or replace function pg_temp.tables() returns regclass[]
language sql stable set search_path = ''
return (
  select coalesce(array_agg(found.oid::regclass order by known.place), '{}')
  from unnest(array[
    'session_config', 'user_sessions', 'conversations', 'chat_messages', 'image_generations', 'video_generations'
  ]) with ordinality as known (name, place)
  join pg_catalog.pg_class as found on found.relname = known.name and found.relnamespace = 'public'::regnamespace
);

-- Whether there is anything to do ---------------------------------------------------------------------------------------

do $$
begin
  if to_regclass('original.adoption') is not null then
    perform pg_temp.tell('The original''s tables were set aside before. Nothing to do: go on with `supabase db push`.');
  elsif to_regprocedure('private.clock()') is not null then
    perform pg_temp.tell('This hub is of today already. Nothing to do.');
  elsif pg_temp.tables() = '{}' then
    perform pg_temp.tell('None of the original''s tables is here. Nothing to do: `supabase db push` makes a new hub.');
  elsif to_regnamespace('original') is not null then
    raise exception 'a schema "original" is here already, and is not of this script: rename it first'
      using errcode = 'duplicate_schema';
  else
    perform set_config('adopt.go', 'yes', true);
  end if;
end
$$;

-- Whether it can be carried over later --------------------------------------------------------------------------------

-- What step 3 reads. Columns beyond these stay behind in schema original; those that are optional may be missing.
do $$
declare
  wrong text;
begin
  if current_setting('adopt.go') <> 'yes' then
    return;
  end if;
  select string_agg(oid::regclass::text, ', ') into wrong
  from pg_catalog.pg_class where oid = any (pg_temp.tables()) and relkind <> 'r';
  if wrong is not null then
    raise exception 'these should be tables: %', wrong using errcode = 'wrong_object_type';
  end if;

  create temporary table expected on commit drop as
  select here.oid as relation, name, kind, needed, found.attnum, found.atttypid::regtype as type
  from (values
    ('session_config', 'text', true, '{plan_id}'::text[]),
    ('session_config', 'text', false, '{model_name,display_name}'),
    ('session_config', 'number', false, '{token_limit_per_hour,image_credits_per_hour,video_credits_per_hour}'),
    ('session_config', 'number', false, '{price_per_hour_paise,price_per_hour_inr,price_per_hour}'),
    ('session_config', 'number', false, '{hourly_price,price_inr,price}'),
    ('user_sessions', 'uuid', true, '{id,user_id}'),
    ('user_sessions', 'text', true, '{plan_id,status}'),
    ('user_sessions', 'text', false, '{model_name,session_type}'),
    ('user_sessions', 'number', true, '{hours_purchased}'),
    ('user_sessions', 'number', false, '{price_paid,tokens_used}'),
    ('user_sessions', 'time', true, '{created_at}'),
    ('user_sessions', 'time', false, '{updated_at,expires_at}'),
    ('conversations', 'uuid', true, '{id,user_id}'),
    ('conversations', 'uuid', false, '{session_id}'),
    ('conversations', 'text', false, '{title}'),
    ('conversations', 'time', false, '{created_at,updated_at}'),
    ('chat_messages', 'uuid', true, '{id,conversation_id}'),
    ('chat_messages', 'text', true, '{role,content}'),
    ('chat_messages', 'time', false, '{created_at}'),
    ('image_generations', 'uuid', true, '{id,user_id,session_id}'),
    ('image_generations', 'uuid', false, '{conversation_id}'),
    ('image_generations', 'text', true, '{prompt,image_url}'),
    ('image_generations', 'text', false, '{negative_prompt,model_used}'),
    ('image_generations', 'number', false, '{width,height,steps,cfg_scale,seed,generation_time_ms}'),
    ('image_generations', 'time', true, '{created_at}')
  ) as original (table_name, kind, needed, names)
  cross join unnest(original.names) as name
  join pg_catalog.pg_class as here on here.oid = any (pg_temp.tables()) and here.relname = original.table_name
  left join pg_catalog.pg_attribute as found
    on found.attrelid = here.oid and found.attname = name and not found.attisdropped;

  select string_agg(format('%s.%s', relation::regclass, name), ', ') into wrong
  from expected where needed and attnum is null;
  if wrong is not null then
    raise exception 'these columns of the original are missing here: %', wrong using errcode = 'undefined_column',
      hint = 'If they have another name here, rename them and run this again. Nothing was changed.';
  end if;
  select string_agg(format('%s.%s is %s and should be a %s', relation::regclass, name, type, kind), '; ') into wrong
  from expected join pg_catalog.pg_type as known on known.oid = expected.type
  where not case kind
    when 'uuid' then type = 'uuid'::regtype
    when 'text' then known.typcategory in ('S', 'E')
    when 'time' then type = any ('{timestamptz,timestamp,date}'::regtype[])
    else type = any ('{int2,int4,int8,numeric,float4,float8}'::regtype[])
  end;
  if wrong is not null then
    raise exception 'these columns have a type that nobody can carry over: %', wrong using errcode = 'datatype_mismatch',
      hint = 'Change their types and run this again. Nothing was changed.';
  end if;
  select string_agg(relation::regclass::text, ', ') into wrong from expected
  where name = 'id' and not exists (
    select from pg_catalog.pg_constraint as keyed
    where keyed.conrelid = expected.relation and keyed.contype = 'p' and keyed.conkey = array[expected.attnum]
  );
  if wrong is not null then
    raise exception 'the primary key is not the column id: %', wrong using errcode = 'invalid_table_definition',
      hint = 'Two rows of one id cannot be told apart. Nothing was changed.';
  end if;
end
$$;

-- A price that is in paise and says rupees would charge customers a hundredfold.
do $$
declare
  wrong text;
begin
  if current_setting('adopt.go') <> 'yes' or to_regclass('public.session_config') is null then
    return;
  end if;
  select string_agg(format('%s %s', doc ->> 'plan_id', price.value), ', ') into wrong
  from public.session_config as plan cross join to_jsonb(plan) as doc
  cross join jsonb_each_text(doc) as price (name, value)
  join (values ('flashlite', 5000), ('flash', 10000), ('pro', 20000)) as known (letters, paise)
    on known.letters = regexp_replace(lower(doc ->> 'plan_id'), '[^a-z]', '', 'g')
  where price.name in ('price_per_hour_inr', 'price_per_hour', 'hourly_price', 'price_inr', 'price')
    and price.value::numeric = known.paise;
  if wrong is not null then
    raise exception 'these prices look like paise: %', wrong using errcode = 'invalid_parameter_value',
      hint = 'If they are, rename the column to price_per_hour_paise. Nothing was changed.';
  end if;
end
$$;

-- Views, foreign keys and policies of other tables would stay with the old rows without a word.
do $$
declare
  dependents text;
begin
  if current_setting('adopt.go') <> 'yes' then
    return;
  end if;
  select string_agg(distinct pg_describe_object(link.classid, link.objid, link.objsubid), '; ') into dependents
  from pg_catalog.pg_depend as link
  left join pg_catalog.pg_rewrite as rule on link.classid = 'pg_rewrite'::regclass and rule.oid = link.objid
  left join pg_catalog.pg_constraint as key on link.classid = 'pg_constraint'::regclass and key.oid = link.objid
  left join pg_catalog.pg_policy as policy on link.classid = 'pg_policy'::regclass and policy.oid = link.objid
  left join pg_catalog.pg_proc as routine on link.classid = 'pg_proc'::regclass and routine.oid = link.objid
  where link.refclassid = 'pg_class'::regclass and link.refobjid = any (pg_temp.tables()) and link.deptype = 'n'
    and link.classid <> all ('{pg_trigger,pg_attrdef}'::regclass[])
    and coalesce(rule.ev_class, key.conrelid, policy.polrelid, 0) <> all (pg_temp.tables())
    -- Functions of public are set aside as well; `supabase db push` drops the old policies of the pictures' buckets.
    and coalesce(routine.pronamespace, 0) <> 'public'::regnamespace
    and not coalesce(policy.polrelid = 'storage.objects'::regclass and concat(
      pg_get_expr(policy.polqual, policy.polrelid), pg_get_expr(policy.polwithcheck, policy.polrelid)
    ) ~ 'generated-(images|videos)', false);
  if dependents is not null then
    raise exception 'other things depend on the original''s tables: %', dependents
      using errcode = 'dependent_objects_still_exist',
        hint = 'Drop them, adopt the hub, and make them again for its new tables. Nothing was changed.';
  end if;
end
$$;

-- Setting aside ---------------------------------------------------------------------------------------------------------

do $$
declare
  found record;
  names constant text :=
    '\m(session_config|user_sessions|conversations|chat_messages|image_generations|video_generations)\M';
begin
  if current_setting('adopt.go') <> 'yes' then
    return;
  end if;
  create schema original;
  comment on schema original is 'What the hub was before it was adopted (docs/ADOPTING.md). For its owner alone.';
  revoke all on schema original from public, anon, authenticated, service_role;

  -- An old function that acts with its owner's rights would go on writing the ledger for whoever calls it.
  for found in
    select routine.oid::regprocedure as name, exists (
      select from pg_catalog.pg_trigger as held
      where held.tgfoid = routine.oid and held.tgrelid <> all (pg_temp.tables())
    ) as serves_others
    from pg_catalog.pg_proc as routine
    where routine.pronamespace = 'public'::regnamespace
      and not exists (select from pg_catalog.pg_depend as owned where owned.objid = routine.oid and owned.deptype = 'e')
      and (
        case when routine.prokind in ('f', 'p') then pg_get_functiondef(routine.oid) ~ names end or routine.oid in (
          select held.tgfoid from pg_catalog.pg_trigger as held where held.tgrelid = any (pg_temp.tables())
        )
      )
  loop
    if found.serves_others then
      perform pg_temp.tell(format('LOOK AT IT: %s knows the original''s tables, and a trigger of another table calls it. '
        'It stays, and may fail', found.name));
    else
      perform pg_temp.tell(format('set aside function %s', found.name));
      execute format('alter routine %s set schema original', found.name);
    end if;
  end loop;

  perform pg_temp.tell(format('LOOK AT IT: %1$s was published; where that is still wanted, once the hub is adopted: '
    'alter publication %2$I add table public.%1$s', member.prrelid::regclass, publication.pubname))
  from pg_catalog.pg_publication_rel as member
  join pg_catalog.pg_publication as publication on publication.oid = member.prpubid
  where member.prrelid = any (pg_temp.tables());
  for found in
    -- A row that is kept for the record must not keep a customer from being deleted.
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as command
    from pg_catalog.pg_constraint where contype = 'f' and conrelid = any (pg_temp.tables())
    union all
    select format('drop policy %I on %s', polname, polrelid::regclass)
    from pg_catalog.pg_policy where polrelid = any (pg_temp.tables())
    union all
    select format('alter publication %I drop table %s', publication.pubname, member.prrelid::regclass)
    from pg_catalog.pg_publication_rel as member
    join pg_catalog.pg_publication as publication on publication.oid = member.prpubid
    where member.prrelid = any (pg_temp.tables())
  loop
    execute found.command;
  end loop;
  for found in
    select here.relname as name, here.oid::regclass as relation from pg_catalog.pg_class as here
    where here.oid = any (pg_temp.tables()) order by array_position(pg_temp.tables(), here.oid::regclass)
  loop
    execute format('alter table %s enable row level security', found.relation);
    execute format('revoke all on table %s from public, anon, authenticated, service_role', found.relation);
    execute format('alter table %s set schema original', found.relation);
    perform pg_temp.tell('set aside table ' || found.name);
  end loop;

  create table original.adoption (
    set_aside_at timestamptz not null, hours_carried_at timestamptz, messages_carried_at timestamptz
  );
  comment on table original.adoption is 'How far the adoption of this hub has come: one row.';
  alter table original.adoption enable row level security;
  insert into original.adoption (set_aside_at) values (clock_timestamp());
end
$$;

-- What the owner has to see to -------------------------------------------------------------------------------------------

do $$
declare
  listed text;
begin
  if current_setting('adopt.go') <> 'yes' then
    return;
  end if;
  select string_agg(format('"%s"', policyname), ', ') into listed from pg_catalog.pg_policies
  where schemaname = 'storage' and tablename = 'objects' and concat(qual, with_check) !~ 'bucket_id';
  if listed is not null then
    perform pg_temp.tell(format('LOOK AT IT: these policies of storage.objects are for every bucket, the pictures'' too; '
      'bind them to yours: %s', listed));
  end if;
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    -- The original's own migration may have been recorded under the name that the CLI wants; ours would be passed over.
    create table original.schema_migrations as
    select * from supabase_migrations.schema_migrations where version in ('20260101000000', '20260204000000');
    alter table original.schema_migrations enable row level security;
    delete from supabase_migrations.schema_migrations where version in (select version from original.schema_migrations);
    select string_agg(version, ' ' order by version) into listed from supabase_migrations.schema_migrations;
    if listed is not null then
      perform pg_temp.tell('LOOK AT IT: the history of migrations holds older ones. Those whose files are not in '
        || 'supabase/migrations: supabase migration repair --status reverted ' || listed);
    end if;
  end if;
  perform pg_temp.tell('The original''s tables are set aside. Go on with `supabase db push --include-all`.');
end
$$;

drop function pg_temp.tables(), pg_temp.tell(text);
commit;
select line from regexp_split_to_table(current_setting('adopt.report', true), E'\n') as line where line <> '';
